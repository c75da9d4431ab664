import { createServer } from 'node:http';
import { connect } from 'node:net';
import type { Fetch } from 'countersign';
import { expect, it, onTestFinished, vi } from 'vitest';
import { listening } from '../adapters/adapter.ts';
import { startShop } from './shop.ts';

/** A proxy that tunnels, and the hosts that it was asked for. */
async function startProxy() {
  const hosts: string[] = [];
  const server = createServer().on('connect', ({ url = '' }, socket) => {
    hosts.push(url);
    const [host = '', port] = url.split(':');
    const upstream = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on('error', () => socket.destroy());
    socket.on('error', () => upstream.destroy());
  });
  const { origin, close } = await listening(server);
  onTestFinished(close);
  return { origin, hosts };
}

it('undici sends through a proxy what was signed', async () => {
  const shop = await startShop();
  const proxy = await startProxy();
  vi.stubEnv('HTTPS_PROXY', proxy.origin);
  onTestFinished(() => void vi.unstubAllEnvs());
  const { api } = await shop.recipe<{ readonly api: Fetch }>('undici and proxies');
  expect(await (await api(`${shop.origin}/v1/orders?q=it's`)).json()).toEqual({ sku: 'A-1' });
  const body = JSON.stringify({ sku: 'A-1 ü' });
  const headers = { 'Content-Type': 'application/json' };
  expect(await (await api(`${shop.origin}/v1/orders`, { method: 'POST', headers, body })).text()).toBe(body);
  expect(shop.seen()).toEqual(['GET /v1/orders?q=it%27s ok', 'POST /v1/orders ok']);
  expect(new Set(proxy.hosts)).toEqual(new Set([new URL(shop.origin).host]));
  await expect(api(new Request(`${shop.origin}/v1/orders`))).rejects.toThrow();
  expect(shop.seen()).toHaveLength(2);
});
