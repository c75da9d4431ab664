// docs/example in real browsers: its page, as Vite builds it, its backend and its API.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AuditEvent } from 'countersign/server';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { keyCacheLifetime } from '../../docs/example/api.ts';
import { type RunningExample, startExample } from '../../docs/example/servers.ts';
import { describeRuntime } from './described.ts';
import { closeBrowsers, type Tab, tabHosts } from './hosts/puppeteer.ts';
import { webKitTabs } from './hosts/webkit.ts';
import { installRuntimes } from './install.ts';

installRuntimes();

const folder = mkdtempSync(join(tmpdir(), 'countersign-example-'));
const events: AuditEvent[] = [];
let example: RunningExample;

/** Starts the example with users who have ordered nothing. */
async function start(expiresIn = 900): Promise<void> {
  events.length = 0;
  example = await startExample({ folder, expiresIn, audit: (event) => void events.push(event) });
}

const sessions = () => [...new Set(events.map(({ sessionId }) => sessionId))];
const refusals = () => events.flatMap(({ code, outcome }) => (outcome === 'accepted' ? [] : [code]));
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Fills fields, presses a button, and reads what the page prints. */
const presses = `
const { button, fields } = JSON.parse(context);
const find = (selector) => document.querySelector(selector);
const until = async (condition) => {
  for (const end = Date.now() + 20000; !condition(); ) {
    if (Date.now() > end) throw new Error('Nothing came of ' + button);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};
await until(() => find('#login').hidden !== find('#orders').hidden);
for (const [name, value] of Object.entries(fields)) find('[name=' + name + ']').value = value;
find('output').value = '';
find(button).click();
await until(() => !['', '…'].includes(find('output').value));
return JSON.stringify(find('output').value);`;

const press = (tab: Tab, button: string, fields = {}): Promise<unknown> => tab.evaluate(presses, { button, fields });
const logIn = (tab: Tab, fields: object) => press(tab, '#login button', fields);
const ada = { name: 'ada', password: 'engine' };
const bob = { name: 'bob', password: 'builder' };

/** What a script finds that someone has injected. */
const readsAll = `
const found = [];
for (const { name } of await indexedDB.databases()) {
  const result = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const database = await result(indexedDB.open(name));
  for (const store of database.objectStoreNames) {
    found.push(...(await result(database.transaction(store).objectStore(store).getAll())));
  }
  database.close();
}
const keysIn = (value) => value instanceof CryptoKey ? [value]
  : typeof value === 'object' && value !== null ? Object.values(value).flatMap(keysIn) : [];
const keys = keysIn(found);
const exported = [];
for (const key of keys) for (const format of ['raw', 'pkcs8', 'jwk']) {
  await crypto.subtle.exportKey(format, key).then(() => exported.push(format), () => undefined);
}
const script = document.createElement('script');
script.textContent = 'window.hasRun = true';
document.body.append(script);
return JSON.stringify({
  keys: keys.map(({ type, extractable }) => ({ type, extractable })),
  exported,
  stored: localStorage.length + sessionStorage.length,
  cookie: document.cookie,
  inlineHasRun: window.hasRun === true,
});`;

/** From now on, reads of orders are signed and kept, and not sent. */
const keepsRequests = `
window.kept = [];
window.send = window.fetch.bind(window);
window.fetch = async (input, init) => {
  const request = new Request(input, init);
  if (!request.url.endsWith('/orders')) return window.send(request);
  window.kept.push(request);
  return Response.json([]);
};
return '1';`;

for (const { openTab, ...host } of [...tabHosts, webKitTabs]) {
  describeRuntime(host, () => {
    let tab: Tab;
    beforeAll(async () => {
      tab = await openTab();
    }, 60_000);
    afterEach(() => example.stop());
    afterAll(() => tab?.close());

    it('logs a user in, calls, and calls with the same session after a reload', async () => {
      await start();
      await tab.goto(example.origin);
      expect(await logIn(tab, { ...ada, password: 'wrong' })).toBe('Refused: 401 No such user.');
      expect(await logIn(tab, ada)).toBe('Logged in.');
      expect(await press(tab, '#order')).toBe('1 orders: A-1');
      await tab.goto(example.origin);
      expect(await press(tab, '#load')).toBe('1 orders: A-1');
      expect(events.map(({ outcome, subject }) => `${outcome} ${subject}`)).toEqual(['accepted ada', 'accepted ada']);
      expect(sessions()).toHaveLength(1);
    }, 60_000);

    it('lets no user do more than the backend states', async () => {
      await start();
      await tab.goto(example.origin);
      await press(tab, '#logout');
      await logIn(tab, bob);
      expect(await press(tab, '#load')).toBe('0 orders: ');
      expect(await press(tab, '#order')).toBe('Refused: 403 insufficient_scope');
    }, 60_000);

    it('renews the session before and after its end, without a failed call', async () => {
      await start(8);
      await tab.goto(example.origin);
      await logIn(tab, ada);
      expect(await press(tab, '#order')).toBe('1 orders: A-1');
      const until = Date.now() + 12_000;
      while (Date.now() < until) {
        expect(await press(tab, '#load')).toBe('1 orders: A-1');
        await pause(200);
      }
      const renewed = sessions().length;
      expect(renewed).toBeGreaterThanOrEqual(2);
      expect(renewed).toBeLessThanOrEqual(4);
      await pause(9000);
      expect(await press(tab, '#load')).toBe('1 orders: A-1');
      expect(sessions()).toHaveLength(renewed + 1);
      expect(refusals()).toEqual([]);
    }, 60_000);

    it('refuses after logout, also requests that were signed before', async () => {
      await start();
      await tab.goto(example.origin);
      await logIn(tab, ada);
      await tab.evaluate(keepsRequests, {});
      for (const _ of [1, 2]) await press(tab, '#load');
      const sendKept = () =>
        tab.evaluate('const { status } = await window.send(window.kept.shift()); return String(status);', {});
      expect(events).toEqual([]);
      expect(await sendKept()).toBe(200);
      expect(events).toMatchObject([{ outcome: 'accepted', path: '/orders' }]);
      expect(await press(tab, '#logout')).toBe('Logged out.');
      expect(await sendKept()).toBe(401);
      expect(refusals()).toEqual(['revoked_key']);
      expect(await press(tab, '#load')).toBe('Nobody is logged in.');
      const ask = "const { status } = await fetch('/session', { method: 'POST' }); return String(status);";
      expect(await tab.evaluate(ask, {})).toBe(401);
      expect(await tab.evaluate(readsAll, {})).toMatchObject({ keys: [] });
    }, 60_000);

    it('refuses all sessions of a revoked parent, as soon as its cache ends', async () => {
      await start();
      await tab.goto(example.origin);
      await logIn(tab, ada);
      expect(await press(tab, '#load')).toBe('0 orders: ');
      await example.keys.revoke(example.accessKey);
      const end = Date.now() + keyCacheLifetime * 1000;
      // A call that starts after the end is refused, and it may be refused before.
      while (Date.now() < end) {
        expect(await press(tab, '#load')).toMatch(/^(?:0 orders: |Refused: 401 revoked_key)$/);
        await pause(200);
      }
      for (const _ of [1, 2]) expect(await press(tab, '#load')).toBe('Refused: 401 revoked_key');
      expect(events.at(-1)).toMatchObject({ outcome: 'refused', code: 'revoked_key', service: 'shop' });
    }, 60_000);

    it('gives no key to an injected script, and runs none that is inline', async () => {
      await start();
      await tab.goto(example.origin);
      await logIn(tab, ada);
      expect(await press(tab, '#load')).toBe('0 orders: ');
      const key = { type: 'private', extractable: false };
      // That of the pair, and that of the session.
      expect(await tab.evaluate(readsAll, {})).toEqual({
        keys: [key, key],
        exported: [],
        stored: 0,
        cookie: '',
        inlineHasRun: false,
      });
    }, 60_000);

    // A second page of WebKitGTK's driver is a second browser.
    if (host.name === webKitTabs.name) return;
    const noSession = 'No session: 401 session_unavailable';

    it('never calls as the user of another tab, from a page that was left open', async () => {
      await start();
      const other = await openTab();
      for (const each of [tab, other]) await each.goto(example.origin);
      await logIn(tab, bob);
      await other.goto(example.origin);
      for (const each of [tab, other]) expect(await press(each, '#load')).toBe('0 orders: ');
      expect(await press(tab, '#logout')).toBe('Logged out.');
      await logIn(tab, ada);
      expect(await press(tab, '#order')).toBe('1 orders: A-1');
      expect(await press(other, '#load')).toBe(noSession);
      expect(await press(tab, '#logout')).toBe('Logged out.');
      expect(await press(other, '#order')).toBe('Nobody is logged in.');
      // Nor does the key store of bob have a session of ada.
      await other.goto(example.origin);
      await logIn(other, bob);
      expect(await press(other, '#order')).toBe('Refused: 403 insufficient_scope');
      // The last order is verified, and then lacks its scope: two events.
      expect(events.map(({ subject }) => subject)).toEqual(['bob', 'bob', 'bob', 'ada', 'ada', 'bob', 'bob']);
      await press(other, '#logout');
      await other.close();
    }, 60_000);

    it('goes on as nobody else when another tab logs in without a logout', async () => {
      await start(8);
      const other = await openTab();
      for (const each of [tab, other]) await each.goto(example.origin);
      await logIn(tab, bob);
      expect(await press(tab, '#load')).toBe('0 orders: ');
      await logIn(other, ada);
      expect(await press(other, '#order')).toBe('1 orders: A-1');
      await pause(9000);
      expect(await press(tab, '#load')).toBe(noSession);
      expect(await press(other, '#order')).toBe('2 orders: A-1, A-1');
      expect(events.map(({ subject }) => subject)).toEqual(['bob', 'ada', 'ada']);
      await press(other, '#logout');
      await other.close();
    }, 60_000);
  });
}

afterAll(async () => {
  await closeBrowsers();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);
