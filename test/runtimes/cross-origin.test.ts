import { createServer, type RequestListener } from 'node:http';
import { generateCredentials } from 'countersign';
import { protect } from 'countersign/node';
import { type AuditEvent, createVerifier, memoryKeys, memoryReplay, type Verifier } from 'countersign/server';
import { build } from 'esbuild';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type App, bytesOf, listening } from '../adapters/adapter.ts';
import { describeRuntime } from './described.ts';
import type { Report } from './entries/cross-origin.ts';
import { here } from './hosts/host.ts';
import { closeBrowsers, type Visitor, visitors } from './hosts/puppeteer.ts';
import { installRuntimes } from './install.ts';

installRuntimes();

const { accessKey, secret } = generateCredentials();
const retires = Math.floor(Date.now() / 1000) + 3600;
const events: AuditEvent[] = [];
const apps: App[] = [];
let [listed, stranger, api]: string[] = [];

const start = async (listener: RequestListener): Promise<string> => {
  const app = await listening(createServer(listener));
  apps.push(app);
  return app.origin;
};

const verifierWith = (points: number): Verifier =>
  createVerifier({
    keys: memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret, expiresAt: retires * 1000 }] }]),
    replay: memoryReplay(),
    limits: { byKey: new RateLimiterMemory({ points, duration: 60 }) },
    audit: (event) => void events.push(event),
  });

beforeAll(async () => {
  const { outputFiles } = await build({
    entryPoints: [here('entries/cross-origin.ts')],
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2022',
    tsconfig: here('../../tsconfig.json'),
  });
  const html = `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><script>${outputFiles[0]?.text}</script>`;
  const page: RequestListener = (_, response) => response.setHeader('Content-Type', 'text/html').end(html);
  listed = await start(page);
  stranger = await start(page);
  const cors = { origins: [listed] };
  const orders = protect(
    verifierWith(100),
    async (request, response, { principal }) => {
      const order = JSON.parse((await bytesOf(request)).toString());
      response.writeHead(200, { 'Content-Type': 'application/json', Vary: 'Accept', 'X-Secret-Note': 'a' });
      response.end(JSON.stringify({ hello: principal.service, order }));
    },
    { countersign: 'always', cors },
  );
  const limited = protect(verifierWith(0), (_, response) => void response.end(), { cors });
  api = await start((request, response) => void (request.url === '/limited' ? limited : orders)(request, response));
}, 60_000);

afterAll(async () => {
  await closeBrowsers();
  for (const app of apps) await app.close();
}, 60_000);

const callsFrom = async ({ visit }: Visitor, url = ''): Promise<Report> => {
  events.length = 0;
  const { version, result } = await visit({ url, script: 'return run(context);', context: { api, accessKey, secret } });
  console.info(version);
  return result as Report;
};

for (const visitor of visitors) {
  describeRuntime(visitor, () => {
    describe('a page of another origin that is listed', () => {
      let report: Report;
      beforeAll(async () => {
        report = await callsFrom(visitor, listed);
      }, 60_000);

      it('sends signed JSON', () => {
        const body = { hello: 'shop', order: { sku: 'A-1' } };
        expect(report.ordered).toMatchObject({ status: 200, body });
        expect(events.map(({ outcome }) => outcome)).toEqual(['accepted', 'accepted', 'refused', 'refused']);
      });

      it('checks countersigned answers', () => {
        expect(report.countersigned).toMatchObject({ status: 200, body: { hello: 'shop' } });
      });

      it('reads why a call is refused, and when to come again', () => {
        expect(report.limited).toMatchObject({
          status: 429,
          body: { code: 'rate_limited' },
          headers: { 'retry-after': expect.stringMatching(/^\d+$/), ratelimit: expect.stringMatching(/^"key";r=0/) },
        });
        expect(report.unsigned).toMatchObject({
          status: 401,
          body: { code: 'missing_signature' },
          headers: { 'www-authenticate': expect.stringContaining('Countersign scheme=') },
        });
      });

      it('hears that its secret retires', () => expect(report.retires).toBe(retires));

      it('sees no header that is not exposed', () => {
        expect(report.ordered).not.toHaveProperty('headers.x-secret-note');
        expect(report.ordered).toHaveProperty('headers.x-api-signature');
      });
    });

    it('lets a page that is not listed neither send nor read', async () => {
      const { ordered, countersigned, limited, unsigned } = await callsFrom(visitor, stranger);
      for (const one of [ordered, countersigned, limited, unsigned]) expect(one).toEqual({ failed: 'TypeError' });
      // Only the one without headers of its own, for which no browser asks first.
      expect(events.map(({ code }) => code)).toEqual(['missing_signature']);
    }, 60_000);
  });
}
