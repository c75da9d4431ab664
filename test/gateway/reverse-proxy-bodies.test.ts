import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { promisify } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createSigner, prepareRequest } from 'countersign';
import { keepRawBody } from 'countersign/express';
import { reverseProxy } from 'countersign/gateway';
import { countersignV1, rfc9421, standardWebhooks } from 'countersign/schemes';
import { allowUnsignedPayload } from 'countersign/server';
import express, { type RequestHandler } from 'express';
import { describe, expect, it } from 'vitest';
import { listening } from '../adapters/adapter.ts';
import { type Sent, sendHttp1 } from '../adapters/wire.ts';
import { present } from '../vectors/present.ts';
import { type Call, called, codeOf, jsonOf, pairOf, signed } from './calls.ts';
import { type Proxied, proxying, statusesIn, wireTo } from './proxied.ts';

const here = present('python3', '--version');
const bytes = (length: number) => new Uint8Array(length).map((_, i) => (i * 7919) >> 3);
const text = (written: string) => new TextEncoder().encode(written);
const sha256 = (body: Uint8Array) => createHash('sha256').update(body).digest('hex');

describe.runIf(here)('bodies through the reverse proxy', () => {
  const { open, seen, backend, opened: gateways } = proxying();

  it.each<[string, Call]>([
    ['text', { body: '{"sku":"A-1"}', headers: { 'Content-Type': 'application/json' } }],
    ['bytes', { body: Uint8Array.of(0, 255, 13, 10, 128) }],
    ['no bytes', { body: new Uint8Array() }],
    ['no bytes, in chunks', { body: new Uint8Array(), pieces: 1 }],
    ['what is small', { body: bytes(65_536) }],
    ['what is not small', { body: bytes(65_537) }],
    ['a mebibyte', { body: bytes(2 ** 20) }],
    ['little in chunks', { body: bytes(100), pieces: 10 }],
    ['a mebibyte in chunks', { body: bytes(2 ** 20), pieces: 9 }],
    ['all that is allowed', { body: bytes(10 * 2 ** 20) }],
  ])('passes on a body with %s', async (_, call) => {
    const { call: send } = await open();
    expect((await send({ method: 'POST', ...call })).status).toBe(200);
    const [found] = await seen();
    const body = typeof call.body === 'string' ? text(call.body) : (call.body ?? new Uint8Array());
    expect(found).toMatchObject({ received: body.length, sha256: sha256(body), fits: true, complete: true });
  });

  it.each(['GET', 'DELETE', 'PUT'])('passes on the body of a %s', async (method) => {
    const { call } = await open();
    for (const body of [bytes(10), bytes(100_000)]) expect((await call({ method, body })).status).toBe(200);
    expect((await seen()).map(({ received }) => received)).toEqual([10, 100_000]);
  });

  it('says of a POST without a body that it has none', async () => {
    const { call } = await open();
    await call({ method: 'POST' });
    await call({ method: 'GET' });
    const lengths = (await seen()).map(({ headers }) =>
      headers.filter(([name]) => /^(?:content-length|transfer-encoding)$/i.test(name)),
    );
    expect(lengths).toEqual([[['Content-Length', '0']], []]);
  });

  const cases: ReadonlyArray<readonly [string, number, number]> = [
    ['small', 1000, 0],
    ['large', 300_000, 0],
    ['small, in chunks', 1000, 3],
    ['large, in chunks', 300_000, 9],
  ];

  it.each(cases)('lets no backend have the whole of a body that was changed: %s', async (_, length, pieces) => {
    const opened = await open();
    const body = bytes(length);
    const sent = signed(opened, { method: 'POST', body, pieces });
    // In its last byte, so that everything before is right.
    const changed = body.map((byte, i) => (i === length - 1 ? byte ^ 1 : byte));
    const answer = await opened.send({ ...sent, body: changed });
    expect(codeOf(answer)).toBe('401 body_digest_mismatch');
    expect(answer.headers.get('www-authenticate')).toContain('body_digest_mismatch');
    expect((await seen()).filter(({ complete }) => complete)).toEqual([]);
    if (length === 1000) expect(await seen()).toEqual([]);
    else await expect.poll(async () => (await seen())[0]?.received).toBeLessThan(length);
  });

  it.each(cases)('lets no backend have the whole of a body that was cut: %s', async (_, length, pieces) => {
    const opened = await open();
    const body = bytes(length);
    const sent = signed(opened, { method: 'POST', body, pieces });
    expect(codeOf(await opened.send({ ...sent, body: body.subarray(1) }))).toBe('401 body_digest_mismatch');
    expect(codeOf(await opened.send({ ...signed(opened, { method: 'POST', body }), body: undefined }))).toBe(
      '401 body_digest_mismatch',
    );
    expect((await seen()).filter(({ complete }) => complete)).toEqual([]);
  });

  it.each(cases)('lets no backend have any of a body that was added: %s', async (_, length, pieces) => {
    const opened = await open();
    for (const method of ['POST', 'GET']) {
      const sent = { ...signed(opened, { method }), body: bytes(length), ...(pieces && { pieces }) };
      expect(codeOf(await opened.send(sent))).toBe('401 missing_body_digest');
    }
    expect(await seen()).toEqual([]);
  });

  it.each(cases)('refuses a body above the limit: %s', async (_, length, pieces) => {
    const { call, reports, events } = await open({ maxBodyBytes: length - 1 });
    expect(codeOf(await call({ method: 'POST', body: bytes(length), pieces }))).toBe('413 body_too_large');
    expect((await seen()).filter(({ complete }) => complete)).toEqual([]);
    expect([...reports, ...events].map(({ code }) => code)).toContain('body_too_large');
  });

  it('refuses a body that is said to be too large before it has come, and does not take it in for ever', async () => {
    const opened = await open();
    const wire = wireTo(opened.origin);
    await wire.write(`${opened.head({ method: 'POST', body: bytes(11) })}Content-Length: 100000000\r\n\r\nabc`);
    await expect.poll(() => statusesIn(wire.received())).toEqual(['413']);
    await wire.write(bytes(100_000));
    await wire.closed;
    expect(await seen()).toEqual([]);
  });

  it('answers callers who send all before they listen', async () => {
    const { origin } = await open();
    const script = `
import urllib.request, urllib.error
for size in (1_000_000, 30_000_000):
    try:
        urllib.request.urlopen(urllib.request.Request("${origin}/", data=b"x" * size))
    except urllib.error.HTTPError as error:
        print(error.code)
`;
    const { stdout } = await promisify(execFile)('python3', ['-c', script]);
    expect(stdout).toBe('401\n401\n');
  });

  it('passes on the beginning before the end has come', async () => {
    const opened = await open();
    const body = bytes(300_000);
    const wire = wireTo(opened.origin);
    const head = opened.head({ method: 'POST', body });
    await wire.write(`${head}Content-Length: ${body.length}\r\nConnection: close\r\n\r\n`);
    await wire.write(body.subarray(0, 200_000));
    await expect.poll(async () => (await seen())[0]?.received).toBeGreaterThan(60_000);
    expect(await seen()).toMatchObject([{ complete: false }]);
    await wire.write(body.subarray(200_000));
    await wire.closed;
    expect(statusesIn(wire.received())).toEqual(['200']);
    expect(await seen()).toMatchObject([{ complete: true, fits: true }]);
  });

  it('holds back the last piece until it is known to be right, however small the pieces', async () => {
    const opened = await open();
    const body = bytes(70_000);
    const wire = wireTo(opened.origin);
    await wire.write(`${opened.head({ method: 'POST', body })}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n`);
    const chunk = (piece: Uint8Array) => Buffer.concat([text(`${piece.length.toString(16)}\r\n`), piece, text('\r\n')]);
    await wire.write(chunk(body.subarray(0, 69_999)));
    await wire.write(chunk(body.subarray(69_999)));
    // All has come but the end, which the gateway waits for.
    await new Promise((resolve) => setTimeout(resolve, 200));
    for (const { received } of await seen()) expect(received).toBeLessThan(70_000);
    await wire.write('0\r\n\r\n');
    await wire.closed;
    expect(statusesIn(wire.received())).toEqual(['200']);
    expect(await seen()).toMatchObject([{ complete: true, fits: true }]);
  });

  describe('of which a backend does not wait for the end', () => {
    const body = bytes(300_000);
    const changed = body.map((byte, i) => (i === body.length - 1 ? byte ^ 1 : byte));

    async function begun(known: Proxied, target = '/eager') {
      const wire = wireTo(known.origin);
      await wire.write(`${known.head({ method: 'POST', body, target })}Content-Length: ${body.length}\r\n\r\n`);
      await wire.write(changed.subarray(0, 250_000));
      await expect.poll(async () => (await seen())[0]?.received).toBeGreaterThan(0);
      return wire;
    }

    it('are nothing that its answer could be signed for before', async () => {
      const known = await open({ countersign: 'always' });
      const wire = await begun(known);
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect(wire.received()).toBe('');
      await wire.write(changed.subarray(250_000));
      await expect.poll(() => statusesIn(wire.received())).toEqual(['401']);
      expect(wire.received()).toContain('body_digest_mismatch');
      expect(await seen()).toMatchObject([{ complete: false }]);
      wire.destroy();
    });

    it('are nothing that its answer could be signed for where it has hung up', async () => {
      const known = await open({ countersign: 'always' });
      const wire = await begun(known, '/hasty');
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(wire.received()).toBe('');
      await wire.write(changed.subarray(250_000));
      await expect.poll(() => statusesIn(wire.received())).toEqual(['401']);
      expect(wire.received()).toContain('body_digest_mismatch');
      const right = await known.call({ method: 'POST', body, target: '/hasty' });
      expect(jsonOf(right)).toEqual({ hasty: true });
    });

    it('may be answered before, and are broken off if they are wrong', async () => {
      const known = await open();
      const wire = await begun(known);
      await wire.closed;
      expect(statusesIn(wire.received())).toEqual(['200']);
      expect(wire.received()).toContain('{"eager": true}');
      await expect.poll(async () => (await seen()).map(({ complete }) => complete)).toEqual([false]);
    });
  });

  describe('that were read before the gateway', () => {
    async function behind(parse: RequestHandler) {
      const known = await open();
      const app = express();
      app.use(parse, reverseProxy(known.verifier, { upstream: backend().origin }));
      const { origin, close } = await listening(createServer(app));
      gateways.push({ close });
      return { ...known, send: (sent: Sent) => sendHttp1(origin, sent) };
    }

    const json = (length: number) => text(JSON.stringify('a'.repeat(length - 2)));
    const headers = { 'Content-Type': 'application/json' };

    it.each(cases)('are held against what is signed where a parser has kept them: %s', async (_, length, pieces) => {
      const known = await behind(express.json({ limit: '1mb', strict: false, verify: keepRawBody }));
      const call: Call = { method: 'POST', headers, body: json(length), pieces };
      const forged = { ...signed(known, call), body: text(JSON.stringify('b'.repeat(length - 2))) };
      expect(codeOf(await known.send(forged))).toBe('401 body_digest_mismatch');
      expect(await seen()).toEqual([]);
      expect((await known.send(signed(known, call))).status).toBe(200);
      expect(await seen()).toMatchObject([{ received: length, fits: true }]);
    });

    it.each(cases)('never reach a backend as none: %s', async (_, length, pieces) => {
      const known = await behind(
        (request, _response, next) => void request.on('data', () => {}).once('end', () => next()),
      );
      const answer = await known.send(signed(known, { method: 'POST', headers, body: json(length), pieces }));
      expect(codeOf(answer)).toMatch(/^(?:500 body_consumed|401 body_digest_mismatch)$/);
      expect(await seen()).toEqual([]);
    });
  });

  describe('with 50 MiB', () => {
    const piece = new Uint8Array(2 ** 20).fill(1);
    const pieces = 50;
    const hash = createHash('sha256');
    for (let i = 0; i < pieces; i++) hash.update(piece);
    const digest = hash.digest('base64');
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const held = () => {
      collect();
      const { arrayBuffers, heapUsed } = process.memoryUsage();
      return arrayBuffers + heapUsed;
    };

    /** A signed head for such a body. */
    function head({ signer }: Proxied, target: string): string {
      const declared = { 'Content-Digest': `sha-256=:${digest}:` };
      const headers = {
        ...declared,
        ...prepareRequest(signer, { method: 'POST', url: called + target, headers: declared }).headers,
      };
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      return `POST ${target} HTTP/1.1\r\nHost: api.example.com\r\n${lines.join('')}Connection: close\r\n`;
    }

    it('takes as much memory as with one', { timeout: 60_000 }, async () => {
      const opened = await open({ maxBodyBytes: pieces * piece.length });
      const before = held();
      let most = 0;
      const socket = connect(Number(new URL(opened.origin).port), '127.0.0.1');
      let answer = '';
      socket.on('data', (chunk) => {
        answer += chunk;
      });
      const closed = new Promise((resolve) => socket.once('close', resolve));
      socket.write(`${head(opened, '/slow-reader')}Content-Length: ${pieces * piece.length}\r\n\r\n`);
      for (let i = 0; i < pieces; i++) {
        await new Promise((resolve) => socket.write(piece, resolve));
        most = Math.max(most, held() - before);
        if (i === pieces >> 1) expect((await seen())[0]?.received).toBeGreaterThan(2 ** 20);
      }
      await closed;
      expect(statusesIn(answer)).toEqual(['200']);
      expect(await seen()).toMatchObject([{ received: pieces * piece.length, complete: true, fits: true }]);
      expect(most).toBeLessThan(10 * 2 ** 20);
    });

    it('takes no more memory for an answer of that size that nobody reads', { timeout: 60_000 }, async () => {
      const opened = await open();
      const before = held();
      const wire = wireTo(opened.origin);
      wire.pause();
      await wire.write(`${opened.head({ target: '/drip?pieces=800&size=65536' })}Connection: close\r\n\r\n`);
      let most = 0;
      for (let i = 0; i < 20; i++) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        most = Math.max(most, held() - before);
      }
      expect(most).toBeLessThan(10 * 2 ** 20);
      wire.resume();
      await wire.closed;
      expect(wire.received().replace(/[^x]+/g, '').length).toBeGreaterThan(800 * 65_536 - 1);
    });
  });

  describe('of other schemes', () => {
    it('are read whole where their bytes are signed', async () => {
      const secret = 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=';
      const scheme = standardWebhooks();
      const opened = await open({
        verifier: { scheme },
        record: { accessKey: 'standard-webhooks', secrets: [{ secret }] },
      });
      const signer = createSigner({ accessKey: 'standard-webhooks', secret, scheme });
      for (const pieces of [0, 3]) {
        for (const length of [100, 300_000]) {
          const call: Call = { method: 'POST', body: bytes(length), pieces };
          expect((await opened.send(signed({ signer }, call))).status).toBe(200);
          const changed = { ...signed({ signer }, call), body: bytes(length).reverse() };
          expect(codeOf(await opened.send(changed))).toBe('401 invalid_signature');
        }
      }
      expect((await seen()).map(({ fits, complete }) => fits && complete)).toEqual([true, true, true, true]);
    });

    it.each(cases)(
      'are held against what is signed where another scheme has had them read: %s',
      async (_, length, pieces) => {
        const opened = await open({ verifier: { scheme: [countersignV1, standardWebhooks()] } });
        const body = bytes(length);
        const sent = signed(opened, { method: 'POST', body, pieces });
        // Whoever is between adds a signature of the other scheme, which proves nothing, and changes the body.
        const others = {
          'webhook-id': 'msg_1',
          'webhook-timestamp': String(Math.floor(Date.now() / 1000)),
          'webhook-signature': `v1,${Buffer.alloc(32).toString('base64')}`,
        };
        const forged = { ...sent, headers: { ...sent.headers, ...others }, body: bytes(length).reverse() };
        expect(codeOf(await opened.send(forged))).toBe('401 body_digest_mismatch');
        // Of a large body, the backend has been sent a part, and never the end.
        expect((await seen()).filter(({ complete }) => complete)).toEqual([]);
        const again = signed(opened, { method: 'POST', body, pieces, added: others });
        expect((await opened.send(again)).status).toBe(200);
        expect((await seen()).filter(({ complete }) => complete)).toMatchObject([{ received: length, fits: true }]);
      },
    );

    it('are read whole where their digest is another than SHA-256', async () => {
      const opened = await open({ verifier: { scheme: rfc9421() } });
      const signer = createSigner({ ...pairOf(opened), scheme: rfc9421() });
      const body = bytes(300_000);
      const sha512 = createHash('sha512').update(body).digest('base64');
      const call: Call = { method: 'POST', headers: { 'content-digest': `sha-512=:${sha512}:` } };
      expect((await opened.send({ ...signed({ signer }, call), body })).status).toBe(200);
      const changed = { ...signed({ signer }, call), body: bytes(300_000).reverse() };
      expect(codeOf(await opened.send(changed))).toBe('401 body_digest_mismatch');
      expect(await seen()).toMatchObject([{ received: 300_000, fits: true }]);
    });

    it('are passed on unchecked where that is accepted, and the backend is told', async () => {
      const opened = await open({ verifier: { [allowUnsignedPayload]: true }, maxBodyBytes: 400_000 });
      const signer = createSigner({ ...pairOf(opened), [allowUnsignedPayload]: true });
      const request = () =>
        new Request(`${called}/v1`, { method: 'POST', body: new Blob(['x']).stream(), duplex: 'half' } as RequestInit);
      for (const length of [10, 300_000, 400_001]) {
        const { headers } = await signer.sign(request());
        const sent: Sent = { method: 'POST', target: '/v1', headers: Object.fromEntries(headers), body: bytes(length) };
        const { status } = await opened.send({ ...sent, headers: { ...sent.headers, Host: 'api.example.com' } });
        expect(status).toBe(length > 400_000 ? 413 : 200);
      }
      const told = (await seen()).map(({ headers }) => headers.find(([name]) => name === 'X-Countersign-Body'));
      expect(told).toEqual(Array.from({ length: 2 }, () => ['X-Countersign-Body', 'unsigned']));
    });
  });
});
