// Examples of docs/clients.md that need a runtime: a service binding in workerd, and a service worker in browsers.
import { createServer } from 'node:http';
import { issueSession } from 'countersign';
import { protect } from 'countersign/node';
import { createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
import { afterAll, expect, it, onTestFinished } from 'vitest';
import { bytesOf, listening } from '../adapters/adapter.ts';
import { bundleExample, examplesUnder } from '../clients/examples.ts';
import { accessKey, secret } from '../docs/prelude.ts';
import { describeRuntime } from './described.ts';
import { closeBrowsers, tabHosts } from './hosts/puppeteer.ts';
import { installRuntimes } from './install.ts';

installRuntimes();
afterAll(closeBrowsers, 60_000);

/** A page with a service worker, the issuer of its sessions, and the API. */
async function startPage() {
  const files: Record<string, string> = {};
  const accepted: string[] = [];
  const refused: string[] = [];
  const verifier = createVerifier({
    keys: memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }]),
    replay: memoryReplay(),
    audit: ({ outcome, method, path, code }) =>
      void (outcome === 'accepted' ? accepted : refused).push(`${method} ${path}${code ? ` ${code}` : ''}`),
  });
  const api = protect(verifier, async (request, response) => void response.end(await bytesOf(request)));
  const { origin, close } = await listening(
    createServer((request, response) => {
      const { url = '' } = request;
      if (url.startsWith('/v1/')) return void api(request, response);
      if (url === '/session') {
        const session = { ...issueSession({ accessKey, secret }, { expiresIn: 900 }), expiresIn: 900 };
        return response.setHeader('Content-Type', 'application/json').end(JSON.stringify(session));
      }
      const type = url.endsWith('.js') ? 'text/javascript' : 'text/html';
      return response
        .setHeader('Content-Type', type)
        .end(files[url] ?? '<!doctype html><link rel="icon" href="data:,">');
    }),
  );
  onTestFinished(close);
  return { origin, files, accepted, refused };
}

const call = `
await navigator.serviceWorker.register('/worker.js');
await navigator.serviceWorker.ready;
while (!navigator.serviceWorker.controller) await new Promise((resolve) => setTimeout(resolve, 10));
const post = () => fetch('/v1/orders', { method: 'POST', body: '{"sku":"A-1"}' });
const got = await fetch("/v1/orders?q=it's");
const texts = [await (await post()).text(), await (await post()).text()];
return JSON.stringify([got.status, ...texts]);`;

for (const { openTab, ...host } of tabHosts) {
  describeRuntime(host, () => {
    it('has a service worker that signs what the page sends', { timeout: 60_000 }, async () => {
      const { origin, files, accepted, refused } = await startPage();
      const [file = ''] = examplesUnder('A service worker that signs for the page', origin);
      const claim = 'oninstall = () => skipWaiting(); onactivate = (event) => event.waitUntil(clients.claim());';
      files['/worker.js'] = `${claim}\n${await bundleExample(file)}`;
      const tab = await openTab();
      onTestFinished(() => tab.close());
      await tab.goto(`${origin}/`);
      const unsigned = "return String((await fetch('/v1/orders')).status);";
      expect(await tab.evaluate(unsigned, {})).toBe(401);
      expect(await tab.evaluate(call, {})).toEqual([200, '{"sku":"A-1"}', '{"sku":"A-1"}']);
      expect(accepted).toEqual(['GET /v1/orders', 'POST /v1/orders', 'POST /v1/orders']);
      expect(refused).toEqual(['GET /v1/orders missing_signature']);
    });
  });
}
