import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  challengeFetch,
  countersignedFetch,
  createSigner,
  type Fetch,
  generateCredentials,
  redirectFetch,
  signedFetch,
} from 'countersign';
import { protect } from 'countersign/node';
import { createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
import nodeFetch from 'node-fetch';
import * as undici from 'undici';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { rig } from './rig.ts';

const platform = globalThis.fetch;
afterEach(() => {
  globalThis.fetch = platform;
});

// What stands between the platform's fetch and theirs is the class of a Request.
const libraries: ReadonlyArray<[string, Fetch]> = [
  ['undici', undici.fetch as unknown as Fetch],
  ['node-fetch', nodeFetch as unknown as Fetch],
];

describe.each(libraries)('the fetch of %s', (_, fetch) => {
  it('sends what was given as an address and options', async () => {
    const { signer, origin, outcomes, exchanges } = await rig();
    const api = signedFetch(signer, { fetch });
    await api(`${origin}/orders?q=it's`);
    await api(new URL(`${origin}/orders`), { method: 'POST', body: '{"sku":"ü"}' });
    await api(`${origin}/orders`, { method: 'put', body: new Uint8Array([0, 255]) });
    await api(`${origin}/orders`, {
      method: 'PATCH',
      body: new URLSearchParams({ a: 'b c' }),
      headers: [['x-a', 'b']],
    });
    await api(`${origin}/orders`, { method: 'POST', body: new Blob(['blob'], { type: 'a/b' }) });
    expect(outcomes()).toEqual(['ok', 'ok', 'ok', 'ok', 'ok']);
    expect(exchanges.map(({ request }) => Buffer.from(request.body).toString('latin1'))).toEqual([
      '',
      Buffer.from('{"sku":"ü"}').toString('latin1'),
      '\u0000\u00ff',
      'a=b+c',
      'blob',
    ]);
  });
});

it('goes through a proxy of undici', async () => {
  const { signer, origin, outcomes } = await rig();
  const connected: string[] = [];
  const proxy = createServer().on('connect', (request, socket) => {
    connected.push(request.url ?? '');
    const [host, port] = (request.url ?? '').split(':');
    import('node:net').then(({ connect }) => {
      const upstream = connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        upstream.pipe(socket).pipe(upstream);
      });
    });
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const agent = new undici.ProxyAgent({
    uri: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    proxyTunnel: true,
  });
  onTestFinished(async () => {
    await agent.close();
    proxy.closeAllConnections();
    proxy.close();
  });
  const api = signedFetch(signer, { fetch: undici.fetch as unknown as Fetch });
  const init = { method: 'POST', body: 'b', dispatcher: agent } as RequestInit;
  expect((await api(`${origin}/orders`, init)).status).toBe(200);
  expect(outcomes()).toEqual(['ok']);
  expect(connected).toEqual([new URL(origin).host]);
});

describe('globalThis.fetch', () => {
  it('may be a signedFetch, which then sends by the fetch that was there', async () => {
    const { signer, origin, outcomes } = await rig();
    globalThis.fetch = signedFetch(signer);
    expect((await fetch(`${origin}/orders`)).status).toBe(200);
    globalThis.fetch = signedFetch(signer);
    expect((await fetch(`${origin}/orders`, { method: 'POST', body: 'b' })).status).toBe(200);
    globalThis.fetch = redirectFetch(signer, { fetch: challengeFetch(signer) });
    expect((await fetch(new Request(`${origin}/orders`))).status).toBe(200);
    expect(outcomes()).toEqual(['ok', 'ok', 'ok']);
  });

  it('may be a countersignedFetch, which signs each request once', async () => {
    const pair = generateCredentials();
    const verifier = createVerifier({
      keys: memoryKeys([{ accessKey: pair.accessKey, service: 'shop', secrets: [pair] }]),
      replay: memoryReplay(),
    });
    let handled = 0;
    const handler = protect(verifier, (_, response) => void response.end(`call ${++handled}`), {
      countersign: 'always',
    });
    const server = createServer(handler).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    globalThis.fetch = countersignedFetch(createSigner({ credentials: pair }));
    const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/orders`, {
      method: 'PUT',
    });
    expect(await response.text()).toBe('call 1');
  });

  it('may be a signedFetch under a wrapper that rebuilds the request, as msw does', async () => {
    const { signer, origin, outcomes } = await rig();
    globalThis.fetch = signedFetch(signer);
    const inner = globalThis.fetch;
    globalThis.fetch = (input, init) => inner(new Request(input, init));
    expect((await fetch(`${origin}/orders`, { method: 'POST', body: 'b' })).status).toBe(200);
    expect(outcomes()).toEqual(['ok']);
  });

  it('signs anew what an app keeps after a failure and sends later', async () => {
    const { signer, origin, outcomes } = await rig();
    const kept: Array<Parameters<Fetch>> = [];
    globalThis.fetch = async (...call) => {
      if (kept.length) return platform(...call);
      kept.push(call);
      throw new TypeError('offline');
    };
    const api = signedFetch(signer);
    await expect(api(`${origin}/orders`)).rejects.toThrow('offline');
    const [[input, init] = ['']] = kept;
    expect((await api(input, init)).status).toBe(200);
    expect((await api(input, init)).status).toBe(200);
    expect(outcomes()).toEqual(['ok', 'ok']);
  });

  it('may be a function of the app that calls a signedFetch', async () => {
    const { signer, origin, outcomes } = await rig();
    const api = signedFetch(signer);
    globalThis.fetch = async (input, init) => {
      await undefined;
      return api(input, init);
    };
    expect((await fetch(`${origin}/orders`)).status).toBe(200);
    expect(outcomes()).toEqual(['ok']);
  });

  it('that makes a signedFetch at each call is refused, and does not spin', async () => {
    const { signer, origin } = await rig();
    globalThis.fetch = (input, init) => signedFetch(signer)(input, init);
    await expect(fetch(`${origin}/orders`)).rejects.toMatchObject({ code: 'invalid_configuration' });
  });

  it('is looked up at each call, for tests that replace it later', async () => {
    const { accessKey, secret } = generateCredentials();
    const api = signedFetch(createSigner({ accessKey, secret }));
    globalThis.fetch = async () => new Response('replaced');
    expect(await (await api('https://api.example.com/')).text()).toBe('replaced');
  });
});

it('hands on an address, the options, and nothing that belongs to the signer', async () => {
  const { accessKey, secret } = generateCredentials();
  const calls: unknown[][] = [];
  const api = signedFetch(createSigner({ accessKey, secret }), {
    fetch: async (...call) => {
      calls.push(call);
      return new Response();
    },
  });
  const next = { revalidate: 60 };
  await api("https://api.example.com/a?q=it's#fragment", { next, challenge: 'c', keepalive: true } as RequestInit);
  const [input, init] = calls[0] ?? [];
  expect(input).toBe('https://api.example.com/a?q=it%27s#fragment');
  expect(Object.keys(init as object).sort()).toEqual(['headers', 'keepalive', 'method', 'next', 'redirect']);
  expect(init).toMatchObject({ method: 'GET', next, keepalive: true, redirect: 'manual' });
});
