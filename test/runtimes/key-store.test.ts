// Sessions whose keys are in IndexedDB, in real browsers: a page that logs in, its issuer, and an API of another origin.
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { generateCredentials } from 'countersign';
import { protect } from 'countersign/node';
import { rfc9421 } from 'countersign/schemes';
import { countersignV1, createVerifier, memoryKeys, memoryReplay, sessionHandler } from 'countersign/server';
import { build } from 'esbuild';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type App, bytesOf, listening } from '../adapters/adapter.ts';
import { describeRuntime } from './described.ts';
import type { Given, Task } from './entries/key-store.ts';
import { here } from './hosts/host.ts';
import { closeBrowsers, type Tab, tabHosts } from './hosts/puppeteer.ts';
import { webKitTabs } from './hosts/webkit.ts';
import { installRuntimes } from './install.ts';

installRuntimes();

const parent = generateCredentials();
const apps: App[] = [];
/** What the issuer responded. */
const issued: string[] = [];
/** Whether the browser's login cookie counts. */
let isLoggedIn = true;
let [page, api]: string[] = [];

async function start(listener: RequestListener): Promise<string> {
  const app = await listening(createServer(listener));
  apps.push(app);
  return app.origin;
}

async function requestOf(message: IncomingMessage): Promise<Request> {
  const { method = '', headers, url = '' } = message;
  const fields = Object.entries(headers).map(([name, value]) => [name, String(value)] as [string, string]);
  const body = new Uint8Array(await bytesOf(message));
  return new Request(`${page}${url}`, { method, headers: fields, ...(body.length && { body }) });
}

beforeAll(async () => {
  const { outputFiles } = await build({
    entryPoints: [here('entries/key-store.ts')],
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2022',
    tsconfig: here('../../tsconfig.json'),
  });
  const html = '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><script src="/app.js"></script>';
  let issue: (request: Request) => Promise<Response>;
  page = await start(async (request, response) => {
    if (request.url === '/session') {
      const given = await issue(await requestOf(request));
      const text = await given.text();
      issued.push(text);
      response.writeHead(given.status, Object.fromEntries(given.headers)).end(text);
    } else if (request.url === '/app.js') {
      response.setHeader('Content-Type', 'text/javascript').end(outputFiles[0]?.text);
    } else {
      response
        .writeHead(200, { 'Content-Type': 'text/html', 'Set-Cookie': 'user=7; HttpOnly; SameSite=Lax' })
        .end(html);
    }
  });
  issue = sessionHandler({
    credentials: parent,
    authenticate: (request) =>
      isLoggedIn && request.headers.get('cookie') === 'user=7' ? { subject: 'user-7' } : undefined,
    origins: [page],
  });
  const { accessKey, secret } = parent;
  const verifier = createVerifier({
    keys: memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }]),
    replay: memoryReplay(),
    scheme: [countersignV1, rfc9421()],
  });
  const orders = protect(
    verifier,
    async (request, response, { principal }) => {
      const order = JSON.parse((await bytesOf(request)).toString());
      response.setHeader('Content-Type', 'application/json').end(JSON.stringify({ order, ...principal.session }));
    },
    { cors: { origins: [page] } },
  );
  api = await start((request, response) => void orders(request, response));
}, 60_000);

afterAll(async () => {
  await closeBrowsers();
  for (const app of apps) await app.close();
}, 60_000);

beforeEach(() => {
  issued.length = 0;
  isLoggedIn = true;
});

let names = 0;

type Seen = Readonly<Record<string, unknown>>;
/** An app with a key store of its own. */
function appIn(isBound = true) {
  const name = `app-${names++}`;
  const run = async (tab: Tab, task: Task): Promise<Seen> => {
    const given: Given = { task, api: String(api), name, isBound };
    return (await tab.evaluate('return run(context);', given)) as Seen;
  };
  return { name, run };
}

/** The database of a store: at a later version, and without what the store needs. */
const makesForeign = `
const { name, version } = JSON.parse(context);
await new Promise((resolve, reject) => {
  const request = indexedDB.open('countersign ' + name, version);
  request.onsuccess = () => { request.result.close(); resolve(); };
  request.onerror = () => reject(request.error);
});
return '1';`;

/** A script holds the database open, and has asked to delete it: whatever opens it must wait. */
const holds = `
const { name } = JSON.parse(context);
window.held = await new Promise((resolve) => {
  const request = indexedDB.open('countersign ' + name);
  request.onsuccess = () => resolve(request.result);
});
indexedDB.deleteDatabase('countersign ' + name);
return '1';`;
const lets = 'window.held.close(); return 1;';

/** A script that ran once leaves a pair behind of which it knows the private key. */
const plants = `
const { name } = JSON.parse(context);
const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
const pair = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
const pkcs8 = await crypto.subtle.exportKey('pkcs8', pair.privateKey);
const raw = String.fromCharCode(...new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey)));
const publicKey = btoa(raw).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
const privateKey = await crypto.subtle.importKey('pkcs8', pkcs8, algorithm, false, ['sign']);
await new Promise((resolve) => {
  const request = indexedDB.open('countersign ' + name, 1);
  request.onupgradeneeded = () => request.result.createObjectStore('keys');
  request.onsuccess = () => {
    const transaction = request.result.transaction('keys', 'readwrite');
    transaction.objectStore('keys').put({ pair: { privateKey, publicKey }, session: undefined }, 'own');
    transaction.oncomplete = () => { request.result.close(); resolve(); };
  };
});
return JSON.stringify(publicKey);`;

/** As in browsers that know no Ed25519. */
const withoutEd25519 = `
const { subtle } = crypto;
const generate = subtle.generateKey.bind(subtle);
subtle.generateKey = async (algorithm, ...rest) => {
  if (algorithm.name === 'Ed25519') throw new DOMException('unknown', 'NotSupportedError');
  return generate(algorithm, ...rest);
};
return '1';`;

const accepted = (bound: boolean) => ({ order: { sku: 'A-1' }, subject: 'user-7', bound });
const secrets = () => issued.filter((text) => text.includes('"secret"'));

for (const { openTab, ...host } of [...tabHosts, webKitTabs]) {
  describeRuntime(host, () => {
    let tab: Tab;
    beforeAll(async () => {
      tab = await openTab();
      await tab.goto(String(page));
    }, 60_000);
    afterAll(() => tab?.close());

    describe('a session that is bound to a key pair of the browser', () => {
      it('signs, is asked for once, and survives a reload', async () => {
        const { run } = appIn();
        const first = await run(tab, 'call');
        expect(first).toMatchObject(accepted(true));
        await tab.goto(String(page));
        expect(await run(tab, 'call')).toEqual(first);
        expect(issued).toHaveLength(1);
        expect(secrets()).toEqual([]);
      }, 60_000);

      it('has a private key that no script can read', async () => {
        const { run } = appIn();
        await run(tab, 'call');
        const { records, algorithms, exported } = await run(tab, 'read');
        expect(records).toBe(1);
        expect(exported).toEqual([]);
        // That of the pair, and that of the session.
        expect(algorithms).toHaveLength(2);
        const key = { name: expect.stringMatching(/^(?:Ed25519|ECDSA)$/), extractable: false, type: 'private' };
        expect(algorithms).toEqual([key, key]);
        console.info(`${host.name}: ${JSON.stringify(algorithms)}`);
      }, 60_000);

      it('is shared by a worker and a service worker', async () => {
        const { run } = appIn();
        const first = await run(tab, 'call');
        expect(await run(tab, 'worker')).toEqual(first);
        expect(await run(tab, 'serviceWorker')).toEqual(first);
        expect(issued).toHaveLength(1);
      }, 60_000);

      it('is gone when the page forgets it, in workers as well', async () => {
        const { run } = appIn();
        const first = await run(tab, 'call');
        expect(await run(tab, 'serviceWorker')).toEqual(first);
        expect(await run(tab, 'forget')).toBe(true);
        expect(await run(tab, 'read')).toMatchObject({ records: 0 });
        isLoggedIn = false;
        for (const task of ['call', 'serviceWorker'] as const) {
          expect(await run(tab, task)).toMatchObject({ failed: 'session_unavailable', status: 401 });
        }
        isLoggedIn = true;
        expect(await run(tab, 'forget')).toBe(true);
        const second = await run(tab, 'call');
        expect(second).toMatchObject(accepted(true));
        expect(second.id).not.toBe(first.id);
      }, 60_000);

      it('is asked for once by a page and a worker that call together', async () => {
        const { run } = appIn();
        const [one, other] = await Promise.all([run(tab, 'call'), run(tab, 'worker')]);
        expect(one).toMatchObject(accepted(true));
        expect(other).toEqual(one);
        expect(issued).toHaveLength(1);
      }, 60_000);
    });

    it('keeps the secret of a session that is not bound so that no script can read it', async () => {
      const { run } = appIn(false);
      const first = await run(tab, 'call');
      expect(first).toMatchObject(accepted(false));
      await tab.goto(String(page));
      expect(await run(tab, 'call')).toEqual(first);
      expect(issued).toHaveLength(1);
      const { algorithms, exported, json } = await run(tab, 'read');
      expect(algorithms).toContainEqual({ name: 'HMAC', extractable: false, type: 'secret' });
      expect(exported).toEqual([]);
      expect(json).not.toContain(JSON.parse(issued[0] ?? '').secret);
    }, 60_000);

    it('is bound to a P-256 pair where the browser makes no other', async () => {
      const { run } = appIn();
      await tab.goto(String(page));
      await tab.evaluate(withoutEd25519, {});
      const first = await run(tab, 'call');
      expect(first).toMatchObject(accepted(true));
      const key = { name: 'ECDSA', extractable: false, type: 'private' };
      expect((await run(tab, 'read')).algorithms).toEqual([key, key]);
      await tab.goto(String(page));
      expect(await run(tab, 'call')).toEqual(first);
    }, 60_000);

    it('is forgotten by all credentials of one store', async () => {
      const { run } = appIn();
      await run(tab, 'call');
      isLoggedIn = false;
      expect(await run(tab, 'forgetOther')).toBe(true);
      expect(await run(tab, 'call')).toMatchObject({ failed: 'session_unavailable', status: 401 });
    }, 60_000);

    it.each([1, 2])(
      'works with a database of version %i that has nothing of its own, and forgets',
      async (version) => {
        const { name, run } = appIn();
        await tab.evaluate(makesForeign, { name, version });
        expect(await run(tab, 'call')).toMatchObject(accepted(true));
        expect(await run(tab, 'forget')).toBe(true);
        expect(await run(tab, 'read')).toMatchObject({ records: 0 });
      },
      60_000,
    );

    it('forgets what a database of a later version has kept', async () => {
      const { name, run } = appIn();
      await run(tab, 'call');
      await tab.evaluate(makesForeign, { name, version: 2 });
      expect(await run(tab, 'forget')).toBe(true);
      expect(await run(tab, 'read')).toMatchObject({ records: 0 });
    }, 60_000);

    it('binds no session to a pair that a script has left behind', async () => {
      const { name, run } = appIn();
      const publicKey = await tab.evaluate(plants, { name });
      expect(await run(tab, 'call')).toMatchObject(accepted(true));
      const [, claims = ''] = JSON.parse(issued[0] ?? '').accessKey.split('~p1.');
      expect(JSON.parse(Buffer.from(claims.split('.')[0], 'base64url').toString()).k).not.toBe(publicKey);
    }, 60_000);

    // A second page of WebKitGTK's driver is a second browser.
    if (host.name === webKitTabs.name) return;
    it('shares it among tabs, and forgets it in all', async () => {
      const { run } = appIn();
      const other = await openTab();
      await other.goto(String(page));
      const [one, two] = await Promise.all([run(tab, 'call'), run(other, 'call')]);
      expect(two).toEqual(one);
      expect(issued).toHaveLength(1);
      await run(other, 'forget');
      isLoggedIn = false;
      await expect.poll(() => run(tab, 'call')).toMatchObject({ failed: 'session_unavailable', status: 401 });
      await other.close();
    }, 60_000);

    it('fails to forget while the database is blocked, does not wait for ever, and other tabs forget', async () => {
      const { name, run } = appIn();
      const other = await openTab();
      await other.goto(String(page));
      for (const each of [tab, other]) await run(each, 'call');
      await tab.evaluate(holds, { name });
      isLoggedIn = false;
      expect(await run(tab, 'forget')).toMatchObject({ failed: 'session_unavailable' });
      await expect.poll(() => run(other, 'call'), { timeout: 20_000 }).toMatchObject({ failed: 'session_unavailable' });
      await tab.evaluate(lets, {});
      expect(await run(tab, 'forget')).toBe(true);
      expect(await run(tab, 'read')).toMatchObject({ records: 0 });
      await other.close();
    }, 60_000);
  });
}
