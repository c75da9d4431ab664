import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { format } from 'node:util';
import { createSigner, signedFetch } from 'countersign';
import { defineScheme, slackWebhooks } from 'countersign/schemes';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type App, listening } from '../adapters/adapter.ts';
import { functionUrl, type LambdaHandler, lambdaFront } from '../adapters/lambda-front.ts';
import { type RedisServer, startRedis } from '../stores/redis-server.ts';
import { workerdPresent } from '../stores/workerd.ts';
import { present } from '../vectors/present.ts';
import { env } from './bindings.ts';
import { complaintsAbout, expectedOf } from './compile.ts';
import { type Example, isTestFile, writeExamples } from './generate.ts';
import { type Host, startHost } from './host.ts';
import { accessKey, secret, signer } from './prelude.ts';
import { startWorker } from './worker.ts';

const redisHere = present('redis-server', '--version');
const workerdHere = workerdPresent();
const examples = writeExamples();
afterAll(examples.remove);

it('every example in the documentation type-checks', { timeout: 120_000 }, () => {
  expect(complaintsAbout(examples.all)).toEqual([]);
});

describe('every example in the documentation runs', () => {
  let host: Host;
  let redis: RedisServer | undefined;
  let backend: App;
  beforeAll(async () => {
    host = await startHost();
    vi.stubEnv('PORT', '0');
    vi.stubEnv('COUNTERSIGN_ACCESS_KEY', accessKey);
    vi.stubEnv('COUNTERSIGN_SECRET', secret);
    redis = redisHere ? await startRedis() : undefined;
    vi.stubEnv('REDIS_URL', `redis://127.0.0.1:${redis?.port}`);
    // What the gateway passes requests on to.
    backend = await listening(createServer((request, response) => void request.pipe(response)));
    vi.stubEnv('BACKEND', backend.origin);
  });
  afterAll(async () => {
    await host.close();
    await backend.close();
    await redis?.close();
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
  });

  it.each(examples.all.filter(isWorker))('$page line $line, in workerd', async (example) => {
    const { url, close } = await startWorker(example);
    await letsInOnce((request) => fetch(request), `${url}/v1/orders`).finally(close);
  });

  it.each(examples.all.filter(isProgram))('$page line $line', async (example) => {
    const printed: string[] = [];
    vi.spyOn(console, 'log').mockImplementation((...given) => void printed.push(format(...given)));
    vi.stubGlobal('fetch', host.fetch);
    // Service workers have it.
    vi.stubGlobal('addEventListener', () => {});
    const module: Record<string, unknown> = await import(/* @vite-ignore */ example.file);
    expect(printed).toEqual(expectedOf(example));
    if (example.code.includes("from 'countersign/webhooks'")) await webhooksAreVerified(module);
    else await serverAnswers(module);
    if (/\bawait api[.(]/.test(example.code) && !/fetch: \(/.test(example.code))
      expect(host.accepted()).toBeGreaterThan(0);
    const clockIsWrong = example.code.includes('correctedClock(() =>');
    expect(host.refusals()).toEqual(clockIsWrong ? ['GET /v1/orders: stale_timestamp'] : []);
  });
});

const usesRedis = (code: string): boolean => code.includes("from 'redis'");
const usesObjects = (code: string): boolean => code.includes("from 'countersign/durable-object'");
const isWorker = ({ code }: Example): boolean => workerdHere && usesObjects(code);
const isProgram = ({ code }: Example): boolean =>
  !usesObjects(code) && !isTestFile(code) && (redisHere || !usesRedis(code));

/**
 * An example that exports a server must let a signed request in, once, and keep an unsigned one out. One that exports a gateway
 * for proxies must not believe whoever asks like none of them.
 */
async function serverAnswers({ default: entry, server, gateway, handler }: Record<string, unknown>): Promise<void> {
  if (isEntry(entry)) {
    await letsInOnce(async (request) => entry.fetch(request, env), 'https://api.example.com/v1/orders');
  }
  if (server) {
    await atServer(server as Server, (origin) => letsInOnce((request) => fetch(request), `${origin}/v1/orders`));
  }
  if (handler) {
    const { origin, close } = await lambdaFront(handler as LambdaHandler, functionUrl);
    vi.unstubAllGlobals();
    await letsInOnce((request) => fetch(request), `${origin}/v1/orders`).finally(close);
  }
  if (gateway) {
    await atServer(gateway as Server, async (origin) => {
      expect((await fetch(await signer.sign(new Request(origin)))).ok).toBe(false);
    });
  }
}

/** An example that receives webhooks of Slack must accept one, and refuse one that was changed. */
async function webhooksAreVerified({ default: entry }: Record<string, unknown>): Promise<void> {
  if (!isEntry(entry)) return;
  const slack = createSigner({ accessKey, secret, scheme: defineScheme(slackWebhooks) });
  const command = (body: string) => new Request('https://example.com/', { method: 'POST', body });
  const signed = await slack.sign(command('command=%2Fdeploy'));
  const forged = new Request(signed.clone(), { body: 'command=%2Fdelete' });
  expect(await (await entry.fetch(signed, env)).json()).toEqual({ text: 'Received /deploy' });
  expect((await entry.fetch(forged, env)).status).toBe(401);
  expect((await entry.fetch(command('command=%2Fdeploy'), env)).status).toBe(401);
}

async function atServer(server: Server, call: (origin: string) => Promise<void>): Promise<void> {
  if (!server.listening) await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  vi.unstubAllGlobals();
  await call(`http://127.0.0.1:${port}`);
  server.close();
  server.closeAllConnections();
}

async function letsInOnce(send: (request: Request) => Promise<Response>, url: string): Promise<void> {
  const sent: Request[] = [];
  const api = signedFetch(createSigner({ accessKey, secret }), {
    fetch: async (input, init) => {
      const request = new Request(input, init);
      sent.push(request.clone());
      return send(request);
    },
  });
  expect((await api(url, { method: 'POST', body: '{"sku":"A-1"}' })).status).toBe(200);
  for (const again of sent) expect((await send(again)).status).toBe(401);
  expect((await send(new Request(url))).status).toBe(401);
  expect((await send(await signer.sign(new Request(url)))).status).toBe(200);
}

const isEntry = (value: unknown): value is { fetch(request: Request, env: object): Promise<Response> } =>
  typeof value === 'object' && value !== null && 'fetch' in value;
