import { createSigner, type Signer } from 'countersign';
import { createKitServer, type KitServer } from 'countersign/kit';
import { defineScheme, huaweiCloud } from 'countersign/schemes';
import type { ReceivedRequest } from 'countersign/server';
import { describe, expect, it } from 'vitest';
import { partner } from '../schemes/define/rig.ts';

const credentials = { accessKey: 'partner-1', secret: 'a secret of more than sixteen bytes' };
const origin = 'http://127.0.0.1:9400';
const time = Date.UTC(2026, 10, 22, 12);

function stage(): { readonly server: KitServer; readonly signer: Signer } {
  return {
    server: createKitServer({ credentials, clock: () => time }),
    signer: createSigner({ ...credentials, clock: () => time }),
  };
}

const stateOf = (server: KitServer, name: string) => server.scenarios().find((one) => one.name === name);

describe('a kit server', () => {
  it('responds to a good request with a countersignature', async () => {
    const { server, signer } = stage();
    const response = await server.handle(await signer.sign(`${origin}/orders?q=a%20b`));
    expect([response.status, response.headers.has('x-api-signature')]).toEqual([200, true]);
    expect(stateOf(server, 'query-blank')).toMatchObject({ state: 'passed' });
    expect(stateOf(server, 'query-plus')).toMatchObject({ state: 'open' });
  });

  it('explains a request that differs', async () => {
    const { server, signer } = stage();
    const request = await signer.sign(`${origin}/orders`);
    const response = await server.handle(new Request(`${origin}/orders/`, request));
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({
      code: 'signature_mismatch',
      explanation: { differences: [{ code: 'path-slash' }], stringToSign: expect.stringContaining('/orders/') },
    });
  });

  it('says in words what to change', async () => {
    const { server, signer } = stage();
    const adviceFor = async (request: Request) => (await (await server.handle(request)).json()).advice;
    const request = await signer.sign(`${origin}/orders`);
    expect(await adviceFor(new Request(`${origin}/orders/`, request))).toEqual([
      expect.stringMatching(/^The caller signed the path \/orders; \/orders\/ was received\. .+ the same slashes/),
    ]);
    const stranger = createSigner({ ...credentials, secret: 'another secret of that length', clock: () => time });
    expect(await adviceFor(await stranger.sign(`${origin}/orders`))).toEqual([
      expect.stringContaining('the secrets differ'),
    ]);
    await server.handle(request.clone());
    expect(await adviceFor(request)).toEqual([]);
  });

  it('says why two equal requests of a scheme without a nonce are a replay', async () => {
    const server = createKitServer({ credentials, definition: huaweiCloud, clock: () => time });
    const scheme = defineScheme(huaweiCloud);
    const signer = createSigner({ ...credentials, scheme, clock: () => time });
    expect((await server.handle(await signer.sign(`${origin}/orders`))).status).toBe(200);
    expect(await (await server.handle(await signer.sign(`${origin}/orders`))).json()).toMatchObject({
      code: 'replayed_request',
      advice: [expect.stringContaining('signs no nonce')],
    });
  });

  it('tells everything to its callback', async () => {
    const seen: unknown[] = [];
    const server = createKitServer({ credentials, onRequest: (one) => seen.push(one) });
    await server.handle(new Request(`${origin}/a`));
    expect(seen).toEqual([
      { method: 'GET', target: '/a', status: 401, explanation: expect.objectContaining({ code: 'missing_signature' }) },
    ]);
  });

  it('shows the list without a signature', async () => {
    const { server } = stage();
    const response = await server.handle(new Request(`${origin}/kit`));
    expect([response.status, await response.json()]).toEqual([200, { scenarios: server.scenarios() }]);
  });

  it('finds a retry with the same nonce, and passes one with another', async () => {
    const { server, signer } = stage();
    const request = await signer.sign(`${origin}/kit/retry`);
    expect((await server.handle(request.clone())).status).toBe(503);
    expect((await server.handle(request.clone())).status).toBe(401);
    expect(stateOf(server, 'retry')).toMatchObject({
      state: 'failed',
      note: expect.stringContaining('nonce was used again'),
    });
    expect((await server.handle(await signer.sign(`${origin}/kit/retry`))).status).toBe(200);
    expect(stateOf(server, 'retry')).toMatchObject({ state: 'passed' });
  });

  it('finds a redirect that is followed with the first signature', async () => {
    const { server, signer } = stage();
    const request = await signer.sign(`${origin}/kit/redirect-same`);
    const { status, headers } = await server.handle(request.clone());
    expect([status, headers.get('location')]).toEqual([307, '/kit/redirected']);
    expect((await server.handle(new Request(`${origin}/kit/redirected`, request))).status).toBe(401);
    expect(stateOf(server, 'redirect-same')).toMatchObject({ state: 'failed' });
    expect((await server.handle(await signer.sign(`${origin}/kit/redirected`))).status).toBe(200);
    expect(stateOf(server, 'redirect-same')).toMatchObject({ state: 'passed' });
  });

  it('finds a signature that goes to another origin', async () => {
    const { server, signer } = stage();
    const request = await signer.sign(`${origin}/kit/redirect-other`);
    const location = (await server.handle(request.clone())).headers.get('location') ?? '';
    expect(location).toBe('http://localhost:9400/kit/elsewhere');
    expect(stateOf(server, 'redirect-other')).toMatchObject({ state: 'passed' });
    expect((await server.handle(new Request(location, request))).status).toBe(404);
    expect(stateOf(server, 'redirect-other')).toMatchObject({ state: 'failed' });
  });

  it('refuses for the clock with its own time, and accepts the corrected one', async () => {
    const { server, signer } = stage();
    const refused = await server.handle(await signer.sign(`${origin}/kit/clock`));
    const told = Number(refused.headers.get('x-api-timestamp')) * 1000;
    expect([refused.status, told]).toEqual([401, time + 600_000]);
    const corrected = createSigner({ ...credentials, clock: () => told });
    expect((await server.handle(await corrected.sign(`${origin}/kit/clock`))).status).toBe(200);
    expect(stateOf(server, 'clock')).toMatchObject({ state: 'passed' });
  });

  it('lets two requests at once meet, and one alone pass on', async () => {
    const { server, signer } = stage();
    const requests = await Promise.all([1, 2].map(() => signer.sign(`${origin}/kit/parallel`)));
    const statuses = await Promise.all(requests.map(async (request) => (await server.handle(request)).status));
    expect(statuses).toEqual([200, 200]);
    expect(stateOf(server, 'parallel')).toMatchObject({ state: 'passed' });
  });

  it('verifies a defined scheme', async () => {
    const server = createKitServer({ credentials, definition: partner, clock: () => time });
    const signer = createSigner({ ...credentials, scheme: defineScheme(partner), clock: () => time });
    expect((await server.handle(await signer.sign(`${origin}/orders`))).status).toBe(200);
    expect((await server.handle(new Request(`${origin}/orders`))).status).toBe(401);
  });

  it('refuses unknown options', () => {
    expect(() => createKitServer({ credentials, port: 1 } as never)).toThrow('port');
  });
});

const mebibyte = 2 ** 20;

function streamOf(chunks: number) {
  const stream = { sent: 0 };
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (stream.sent === chunks) return controller.close();
      stream.sent++;
      controller.enqueue(new Uint8Array(mebibyte));
    },
  });
  return { stream, body };
}

const received = (own: object): ReceivedRequest => ({
  ...{ method: 'POST', authority: '127.0.0.1:9400', target: '/orders', headers: new Headers() },
  ...own,
});

describe('a kit server that a stranger calls', () => {
  it('reads at most 2 MiB of a body, and reports the refusal', async () => {
    const seen: unknown[] = [];
    const server = createKitServer({ credentials, onRequest: (one) => seen.push(one) });
    for (const wrap of [
      (body: ReadableStream<Uint8Array>) =>
        new Request(`${origin}/orders`, { method: 'POST', body, duplex: 'half' } as RequestInit),
      (body: ReadableStream<Uint8Array>) => received({ body }),
    ]) {
      const { stream, body } = streamOf(64);
      const response = await server.handle(wrap(body));
      expect(response.headers.get('content-type')).toBe('application/problem+json');
      expect([response.status, await response.json()]).toEqual([
        413,
        expect.objectContaining({ code: 'body_too_large' }),
      ]);
      expect(stream.sent).toBeLessThan(5);
    }
    expect(seen).toEqual(Array(2).fill({ method: 'POST', target: '/orders', status: 413 }));
  });

  it('accepts a body of 2 MiB, and refuses one byte more', async () => {
    const { server, signer } = stage();
    const send = async (size: number) => {
      const body = new Uint8Array(size);
      return (await server.handle(await signer.sign(`${origin}/orders`, { method: 'POST', body }))).status;
    };
    expect([await send(2 * mebibyte), await send(2 * mebibyte + 1)]).toEqual([200, 413]);
  });

  it('responds to requests that cannot be read', async () => {
    const { server } = stage();
    const used = new Request(`${origin}/orders`, { method: 'POST', body: '{}' });
    await used.text();
    const broken = new ReadableStream({ start: (controller) => controller.error(new Error('reset')) });
    const requests: readonly [Request | ReceivedRequest, number][] = [
      [used, 500],
      [received({ bodyUsed: true }), 500],
      [received({ body: { parsed: true } }), 500],
      [received({ body: broken }), 400],
      [received({ body: new Uint8Array(11 * mebibyte) }), 413],
      [received({ headers: new Headers({ 'content-length': '99999999' }), body: new Uint8Array(1) }), 413],
      [received({ authority: 'a b' }), 400],
      [received({ target: 'http://a/' }), 400],
      [received({ target: '*' }), 400],
      [received({ target: '/\ud800' }), 400],
      [received({ target: undefined }), 500],
      [received({ headers: undefined }), 500],
    ];
    for (const [request, status] of requests) expect((await server.handle(request)).status).toBe(status);
  });

  it('ignores errors of its callback', async () => {
    const failing = () => {
      throw new Error('disk full');
    };
    const response = await createKitServer({ credentials, onRequest: failing }).handle(new Request(`${origin}/a`));
    expect([response.status, await response.json()]).toEqual([
      401,
      expect.objectContaining({ code: 'missing_signature' }),
    ]);
  });

  it('serves others while it explains', async () => {
    const { server } = stage();
    const body = JSON.stringify(Array.from({ length: 18_000 }, (_, id) => ({ id, name: 'é "x" / ' })));
    for (const size of [body.length, 250_000]) {
      const parts = body.slice(0, size - (size % 2));
      const json = size === body.length ? body : `${parts.slice(0, parts.lastIndexOf('},'))}}]`;
      const turns = await watchTurns(server.handle(forged(json)));
      // In milliseconds of the processor, because other processes may hold the event loop.
      expect(turns.longest).toBeLessThan(150);
      const { explanation } = (await turns.response.json()) as { explanation: { differences: unknown[] } };
      expect(explanation.differences).toEqual(
        expect.arrayContaining([expect.objectContaining({ code: 'body-replaced' })]),
      );
    }
  });

  it('explains one request at a time, and lets few wait', async () => {
    const { server } = stage();
    const responses = await Promise.all(Array.from({ length: 40 }, () => server.handle(forged('{}'))));
    const problems = await Promise.all(responses.map((one) => one.json() as Promise<{ explanation?: object }>));
    const explained = problems.filter(({ explanation }) => explanation);
    expect([responses.every(({ status }) => status === 401), explained.length]).toEqual([true, 8]);
    expect(problems.at(-1)).toMatchObject({ code: 'signature_mismatch', note: expect.stringContaining('again') });
    expect(await (await server.handle(forged('{}'))).json()).toHaveProperty('explanation');
  });
});

/** A request with the known key, whose signature and digest were made up. */
const forged = (body: string): ReceivedRequest =>
  received({
    headers: new Headers({
      'content-type': 'application/json',
      'content-digest': `sha-256=:${Buffer.alloc(32, 1).toString('base64')}:`,
      'x-api-key': credentials.accessKey,
      'x-api-timestamp': String(time / 1000),
      'x-api-nonce': 'n'.repeat(22),
      'x-api-signature': `v1=${'0'.repeat(64)}`,
    }),
    body: new TextEncoder().encode(body),
  });

async function watchTurns(
  responding: Promise<Response>,
): Promise<{ readonly response: Response; readonly longest: number }> {
  let longest = 0;
  let last = process.cpuUsage();
  const measure = () => {
    const { user, system } = process.cpuUsage(last);
    longest = Math.max(longest, (user + system) / 1000);
    last = process.cpuUsage();
  };
  const timer = setInterval(measure, 1);
  const response = await responding.finally(() => clearInterval(timer));
  measure();
  return { response, longest };
}
