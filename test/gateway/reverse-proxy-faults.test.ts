import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, Agent as HttpAgent } from 'node:http';
import { createServer as createTlsServer, Agent as TlsAgent } from 'node:https';
import { type AddressInfo, createServer as createSocketServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type ReverseProxyOptions, reverseProxy } from 'countersign/gateway';
import { describe, expect, it } from 'vitest';
import { selfSigned } from '../adapters/certificate.ts';
import { sendHttp1 } from '../adapters/wire.ts';
import { freePort } from '../stores/port.ts';
import { present } from '../vectors/present.ts';
import { codeOf, jsonOf, parties, signed } from './calls.ts';
import { proxying, statusesIn, wireTo } from './proxied.ts';

const here = present('python3', '--version');
const bytes = (length: number) => new Uint8Array(length).fill(7);
const encoded = (answer: string) => encodeURIComponent(Buffer.from(answer, 'latin1').toString('base64'));

describe.runIf(here)('the reverse proxy, where something goes wrong', () => {
  const { open, seen, opened, backend } = proxying();

  it('says that the backend is down', async () => {
    const { call, reports } = await open({ upstream: `http://127.0.0.1:${await freePort()}` });
    const answer = await call({ method: 'POST', body: '{}' });
    expect(codeOf(answer)).toBe('502 upstream_unavailable');
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(reports).toMatchObject([{ code: 'upstream_unavailable', cause: { code: 'ECONNREFUSED' } }]);
  });

  it.each([
    ['closes without an answer', '/close'],
    ['answers with no HTTP', `/raw?answer=${encoded('SSH-2.0-OpenSSH\r\n\r\n')}`],
    ['answers with half a head', `/raw?answer=${encoded('HTTP/1.1 200 OK\r\nContent-Le')}`],
    [
      'says twice how long its answer is',
      `/raw?answer=${encoded('HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd')}`,
    ],
    [
      'says in two ways how long its answer is',
      `/raw?answer=${encoded('HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n')}`,
    ],
    [
      'changes the protocol unasked',
      `/raw?answer=${encoded('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n')}`,
    ],
    [
      'sends a line break in a header',
      `/raw?answer=${encoded('HTTP/1.1 200 OK\r\nX-A: a\rb\r\nContent-Length: 0\r\n\r\n')}`,
    ],
  ])('says that the backend %s', async (_, target) => {
    const { call, reports } = await open();
    expect(codeOf(await call({ target }))).toBe('502 upstream_unavailable');
    expect(reports.map(({ code }) => code)).toEqual(['upstream_unavailable']);
  });

  it('never tries again by itself', async () => {
    const { call } = await open();
    await call({ target: '/close' });
    expect(await seen()).toHaveLength(1);
  });

  it('breaks off where the backend breaks off', async () => {
    const known = await open();
    const wire = wireTo(known.origin);
    await wire.write(`${known.head({ target: '/torn' })}\r\n`);
    await wire.closed;
    expect(wire.received()).toMatch(/^HTTP\/1\.1 200 [\s\S]*Content-Length: 1000[\s\S]*\r\n\r\ntorn$/);
    await expect.poll(() => known.reports.map(({ code }) => code)).toEqual(['upstream_unavailable']);
  });

  it.each(['/silence?seconds=30', '/drip?pieces=2&seconds=30'])('does not wait for ever at %s', async (target) => {
    const known = await open({ timeout: 300 });
    const wire = wireTo(known.origin);
    await wire.write(`${known.head({ target })}Connection: close\r\n\r\n`);
    await wire.closed;
    expect(statusesIn(wire.received())).toEqual([target.startsWith('/silence') ? '504' : '200']);
    await expect.poll(() => known.reports.map(({ code }) => code)).toEqual(['upstream_timeout']);
  });

  it('does not wait for ever for a backend that takes no body', async () => {
    const stuck = createSocketServer({ pauseOnConnect: true });
    const sockets: Socket[] = [];
    stuck.on('connection', (socket) => sockets.push(socket.on('error', () => {})));
    await new Promise<void>((resolve) => stuck.listen(0, '127.0.0.1', resolve));
    opened.push({
      close() {
        for (const socket of sockets) socket.destroy();
        return new Promise((resolve) => void stuck.close(() => resolve()));
      },
    });
    const upstream = `http://127.0.0.1:${(stuck.address() as AddressInfo).port}`;
    const { call } = await open({ upstream, timeout: 500, maxBodyBytes: 2 ** 25 });
    expect(codeOf(await call({ method: 'POST', body: bytes(2 ** 25) }))).toBe('504 upstream_timeout');
  });

  /** A backend whose queue is full, so that Linux answers nobody, until it empties it. */
  async function queued(afterSeconds: number): Promise<string> {
    const script = `
import socket, sys, threading, time
server = socket.socket()
server.bind(("127.0.0.1", 0))
server.listen(0)
waiting = []
for _ in range(3):
    client = socket.socket()
    client.setblocking(False)
    client.connect_ex(server.getsockname())
    waiting.append(client)
def serve():
    time.sleep(${afterSeconds})
    while True:
        accepted = server.accept()[0]
        accepted.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n")
        waiting.append(accepted)
threading.Thread(target=serve, daemon=True).start()
print(server.getsockname()[1], flush=True)
sys.stdin.read()
`;
    const child = spawn('python3', ['-c', script], { stdio: ['pipe', 'pipe', 'inherit'] });
    opened.push({
      async close() {
        child.stdin.end();
        await once(child, 'exit');
      },
    });
    const [port] = await once(createInterface(child.stdout), 'line');
    return `http://127.0.0.1:${port}`;
  }

  it('does not wait for ever for a connection', async () => {
    const { call, reports } = await open({ upstream: await queued(3600), connectTimeout: 300 });
    expect(codeOf(await call())).toBe('504 upstream_timeout');
    expect(reports[0]?.message).toContain('connection');
  });

  it('waits for a connection longer than it keeps one', async () => {
    const { call } = await open({ upstream: await queued(0.3), connectTimeout: 15_000, keepAliveTimeout: 100 });
    expect((await call()).status).toBe(200);
  });

  it('waits for a backend after it has waited for a caller, and then not for ever', async () => {
    const known = await open({ timeout: 300 });
    const body = bytes(200_000);
    const wire = wireTo(known.origin);
    const head = known.head({ method: 'POST', body, target: '/silence?seconds=30' });
    await wire.write(`${head}Content-Length: ${body.length}\r\nConnection: close\r\n\r\n`);
    await wire.write(body.subarray(0, 150_000));
    await new Promise((resolve) => setTimeout(resolve, 700));
    await wire.write(body.subarray(150_000));
    await wire.closed;
    expect(statusesIn(wire.received())).toEqual(['504']);
  });

  it('leaves callers who are slow to the server they are at', async () => {
    const known = await open({ timeout: 200 });
    const body = bytes(200_000);
    const wire = wireTo(known.origin);
    await wire.write(
      `${known.head({ method: 'POST', body })}Content-Length: ${body.length}\r\nConnection: close\r\n\r\n`,
    );
    await wire.write(body.subarray(0, 150_000));
    await new Promise((resolve) => setTimeout(resolve, 700));
    await wire.write(body.subarray(150_000));
    await wire.closed;
    expect(statusesIn(wire.received())).toEqual(['200']);
  });

  it('gives a request up when its caller leaves in the middle of the body', async () => {
    const known = await open();
    const body = bytes(300_000);
    const wire = wireTo(known.origin);
    await wire.write(`${known.head({ method: 'POST', body })}Content-Length: ${body.length}\r\n\r\n`);
    await wire.write(body.subarray(0, 200_000));
    await expect.poll(async () => (await seen())[0]?.received).toBeGreaterThan(60_000);
    wire.destroy();
    await known.call();
    expect(await seen()).toMatchObject([{ complete: false }, { complete: true }]);
    expect(known.reports).toEqual([]);
  });

  it('gives a request up when its caller leaves in the middle of the answer', async () => {
    const known = await open();
    const wire = wireTo(known.origin);
    await wire.write(`${known.head({ target: '/drip?pieces=1000&seconds=0.02' })}\r\n`);
    await expect.poll(() => wire.received()).toContain('xxxxxxxx');
    wire.destroy();
    await expect.poll(async () => (await seen()).at(-1)?.hungUp, { timeout: 10_000 }).toBe(true);
    expect(known.reports).toEqual([]);
  });

  it('passes on an answer that comes before the body has, and takes the rest in', async () => {
    const known = await open();
    const body = bytes(2 ** 20);
    const wire = wireTo(known.origin);
    await wire.write(`${known.head({ method: 'POST', body, target: '/early' })}Content-Length: ${body.length}\r\n\r\n`);
    await wire.write(body.subarray(0, 300_000));
    await expect.poll(() => wire.received()).toContain('{"early": true}');
    await wire.write(body.subarray(300_000));
    await wire.write(`${known.head()}Connection: close\r\n\r\n`);
    await wire.closed;
    expect(statusesIn(wire.received())).toEqual(['413', '200']);
  });

  it('uses a connection again, and another one when that has ended', async () => {
    const known = await open({ agent: new HttpAgent({ keepAlive: true }) });
    for (const target of ['/a', '/b', '/close']) await known.call({ target, method: 'POST', body: '{}' });
    await known.call({ target: '/c' });
    const [a, b, closed, c] = (await seen()).map(({ connection }) => connection);
    expect([b, closed]).toEqual([a, a]);
    expect(c).not.toBe(a);
  });

  it('keeps connections for so long and no longer', async () => {
    const known = await open({ keepAliveTimeout: 100 });
    await known.call();
    await known.call();
    await new Promise((resolve) => setTimeout(resolve, 400));
    await known.call();
    const [first, second, third] = (await seen()).map(({ connection }) => connection);
    expect(second).toBe(first);
    expect(third).not.toBe(first);
  });

  it('tells a caller nothing of the inside when the gateway itself fails', async () => {
    const known = await open({
      accessKey: () => {
        throw new Error('secret detail');
      },
    });
    const answer = await known.call();
    expect(codeOf(answer)).toBe('500 internal_error');
    expect(answer.bytes.toString()).not.toContain('secret detail');
    expect(known.reports).toMatchObject([{ code: 'internal_error', cause: { message: 'secret detail' } }]);
  });

  it('goes on after an answer that it cannot pass on', async () => {
    const { call, reports } = await open();
    for (const line of ['HTTP/1.1 200 O\x01K', 'HTTP/1.1 999 X\x7f']) {
      const target = `/raw?answer=${encoded(`${line}\r\nContent-Length: 0\r\n\r\n`)}`;
      expect(codeOf(await call({ target }))).toBe('500 internal_error');
    }
    expect((await call()).status).toBe(200);
    expect(reports).toHaveLength(2);
  });

  it('reaches a backend at a Unix socket', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'countersign-socket-'));
    const socket = join(folder, 'backend.sock');
    const server = createServer((request, response) => void response.end(JSON.stringify({ target: request.url })));
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    opened.push({
      async close() {
        await new Promise((resolve) => server.close(resolve));
        rmSync(folder, { recursive: true });
      },
    });
    const { call } = await open({ upstream: `unix:${socket}` });
    expect(jsonOf(await call({ target: '/v1' }))).toEqual({ target: '/v1' });
  });

  it.runIf(present('openssl', 'version'))('reaches a backend over TLS, and believes only its certificate', async () => {
    const { cert, key } = selfSigned();
    const server = createTlsServer({ cert, key }, (_, response) => void response.end('{}'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    opened.push({
      async close() {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      },
    });
    const upstream = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const believing = await open({ upstream, agent: new TlsAgent({ ca: cert }) });
    expect((await believing.call()).status).toBe(200);
    const strict = await open({ upstream });
    expect(codeOf(await strict.call())).toBe('502 upstream_unavailable');
  });

  it('reports to what fails, and goes on', async () => {
    const known = parties();
    const listener = reverseProxy(known.verifier, {
      upstream: backend().origin,
      report: () => {
        throw new Error('full');
      },
    });
    const server = createServer(listener);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    opened.push({ close: () => new Promise((resolve) => void server.close(() => resolve())) });
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(codeOf(await sendHttp1(origin, signed(known, { target: '/close' })))).toBe('502 upstream_unavailable');
    expect((await sendHttp1(origin, signed(known))).status).toBe(200);
  });

  it.each<Partial<ReverseProxyOptions>>([
    { upstream: 'http://127.0.0.1:9302/api' },
    { upstream: 'ftp://127.0.0.1' },
    { upstream: '127.0.0.1:9302' },
    { upstream: 'unix:relative.sock' },
    { upstream: 'http://user@127.0.0.1' },
    { timeout: Number.NaN },
    { connectTimeout: 0 },
    { keepAliveTimeout: -1 },
    { maxBodyBytes: Number.NaN },
    { maxResponseBytes: -1 },
    { health: 'healthz' },
    { health: '/healthz?x' },
    { cors: { origins: [] } },
  ])('is not made with %o', (options) => {
    const { verifier } = parties();
    expect(() => reverseProxy(verifier, { upstream: 'http://127.0.0.1:9302', ...options })).toThrow(
      expect.objectContaining({ code: 'invalid_configuration' }),
    );
  });
});
