import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { createSigner, signedFetch } from 'countersign';
import {
  type AuditEvent,
  type CountingSink,
  countersignV1,
  countingSink,
  createVerifier,
  type KeyRecord,
  memoryKeys,
  memoryReplay,
  protect,
  reportOnly,
  type Scheme,
  type Verifier,
  type VerifierOptions,
} from 'countersign/server';
import { describe, expect, it } from 'vitest';
import { publicScheme } from './public-scheme.ts';
import { url } from './rig.ts';

const secret = 'the secret of the shop, long enough';
const shop: KeyRecord = { accessKey: 'shop-key', service: 'shop', secrets: [{ secret }] };
const bank: KeyRecord = { accessKey: 'bank-key', service: 'bank', secrets: [{ secret }] };

const verifierOf = (options: Partial<VerifierOptions> = {}): Verifier =>
  createVerifier({ keys: memoryKeys([shop, bank]), replay: memoryReplay(), ...options });

const signerOf = (accessKey: string, scheme: Scheme = countersignV1) => createSigner({ accessKey, secret, scheme });

const rowsOf = (counts: CountingSink): readonly string[] =>
  counts
    .rows()
    .map(({ scheme, service, outcome, code, count }) =>
      [count, scheme, service, outcome, code].filter(Boolean).join(' '),
    )
    .sort();

/** Answers with who called and what was sent. */
const echo = async (request: Request, caller?: { readonly principal: { readonly service: string } }) =>
  new Response(`${caller?.principal.service ?? 'anyone'}: ${await request.text()}`);

describe('reportOnly', () => {
  const world = (options: Partial<VerifierOptions> = {}) => {
    const events: AuditEvent[] = [];
    const verifier = verifierOf({ audit: (event) => void events.push(event), ...options });
    return { events, handler: reportOnly(verifier, echo, { scope: 'orders', address: () => '192.0.2.7' }) };
  };
  const post = (body = 'an order') => new Request(url, { method: 'POST', body });

  it('hands a verified request on with its caller, and tells the audit that it is accepted', async () => {
    const { events, handler } = world({ keys: memoryKeys([{ ...shop, scopes: ['orders'] }]) });
    const response = await handler(await signerOf('shop-key').sign(post()));
    expect(await response.text()).toBe('shop: an order');
    expect(events).toMatchObject([{ outcome: 'accepted', service: 'shop', address: '192.0.2.7' }]);
  });

  it('hands every other on too, without a caller, with the body as it came; and tells what would have been refused', async () => {
    const { events, handler } = world();
    const signed = await signerOf('shop-key').sign(post());
    const changed = new Request(signed.clone(), { body: 'another order' });
    const limited = world({ maxBodyBytes: 3 });
    expect(await (await handler(post())).text()).toBe('anyone: an order');
    expect(await (await handler(changed)).text()).toBe('anyone: another order');
    expect(await (await handler(signed)).text()).toBe('anyone: an order');
    expect(await (await limited.handler(await signerOf('shop-key').sign(post()))).text()).toBe('anyone: an order');
    expect([...events, ...limited.events].map(({ outcome, code }) => `${outcome} ${code}`)).toEqual([
      'reported missing_signature',
      'reported body_digest_mismatch',
      'reported insufficient_scope',
      'reported body_too_large',
    ]);
  });

  it('hands on what browsers ask before they send a signature, unjudged', async () => {
    const { events, handler } = world();
    const headers = { origin: 'https://app.example.com', 'access-control-request-method': 'POST' };
    const response = await handler(new Request(url, { method: 'OPTIONS', headers }));
    expect([await response.text(), events]).toEqual(['anyone: ', []]);
    await handler(new Request(url, { method: 'OPTIONS' }));
    expect(events).toMatchObject([{ outcome: 'reported', code: 'missing_signature' }]);
  });

  it('lets requests through while its stores are down', async () => {
    const down = () => {
      throw new Error('down');
    };
    for (const options of [{ keys: { find: down } }, { replay: { claim: down } }]) {
      const { events, handler } = world(options);
      expect(await (await handler(await signerOf('shop-key').sign(post()))).text()).toBe('anyone: an order');
      expect(events).toMatchObject([{ outcome: 'reported', code: expect.stringMatching(/_unavailable$/) }]);
    }
  });

  it('hands on a request that has been read already', async () => {
    const events: AuditEvent[] = [];
    const verifier = verifierOf({ audit: (event) => void events.push(event) });
    const request = post();
    await request.text();
    const response = await reportOnly(verifier, ({ bodyUsed }) => new Response(String(bodyUsed)))(request);
    expect(await response.text()).toBe('true');
    expect(events).toMatchObject([{ outcome: 'reported' }]);
  });

  it('keeps nothing of a body that is not read to be verified', async () => {
    let cancelled = false;
    const body = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(1024)),
      cancel: () => {
        cancelled = true;
      },
    });
    const request = new Request(url, { method: 'POST', body, duplex: 'half' } as RequestInit);
    const handler = async ({ body: given }: Request) => {
      await given?.cancel();
      return new Response('enough');
    };
    expect(await (await reportOnly(verifierOf(), handler)(request)).text()).toBe('enough');
    expect(cancelled).toBe(true);
  });

  it('throws on what the handler throws', async () => {
    const handler = reportOnly(verifierOf(), () => {
      throw new RangeError('of the handler');
    });
    await expect(handler(post())).rejects.toThrow('of the handler');
  });
});

describe('countingSink', () => {
  const event = (changes: Partial<AuditEvent>): AuditEvent =>
    ({ outcome: 'refused', time: 5, scheme: 'one', service: 'shop', code: 'unknown_key', ...changes }) as AuditEvent;

  it('counts by scheme, service, outcome and code, the most frequent first, with the time of the last', () => {
    const counts = countingSink();
    counts(event({ time: 1 }));
    counts(event({ outcome: 'accepted', code: undefined, time: 2 }));
    counts(event({ outcome: 'accepted', code: undefined, time: 3 }));
    counts(event({ scheme: 'two', outcome: 'reported', time: 4 }));
    expect(counts.rows()).toEqual([
      { scheme: 'one', service: 'shop', outcome: 'accepted', code: undefined, count: 2, last: 3 },
      { scheme: 'one', service: 'shop', outcome: 'refused', code: 'unknown_key', count: 1, last: 1 },
      { scheme: 'two', service: 'shop', outcome: 'reported', code: 'unknown_key', count: 1, last: 4 },
    ]);
    counts.reset();
    expect(counts.rows()).toEqual([]);
  });

  it('has one row for all access keys that nobody knows, however many a stranger tries', async () => {
    const counts = countingSink();
    const verifier = verifierOf({ audit: counts });
    for (let i = 0; i < 50; i++) await verifier.verify(await signerOf(`stranger-${i}`).sign(new Request(url)));
    expect(rowsOf(counts)).toEqual(['50 countersign-v1 refused unknown_key']);
  });

  it('names no more services than it has room for, and loses no count', () => {
    const counts = countingSink({ capacity: 2 });
    for (let i = 0; i < 1000; i++) counts(event({ service: `service-${i % 100}` }));
    expect(counts.rows()).toHaveLength(3);
    expect(counts.rows().reduce((sum, { count }) => sum + count, 0)).toBe(1000);
    expect(counts.rows()[0]).toMatchObject({ service: undefined, count: 980 });
  });

  it.each([-1, Number.NaN])('refuses room for %d rows', (capacity) => {
    expect(() => countingSink({ capacity })).toThrow(expect.objectContaining({ code: 'invalid_configuration' }));
  });
});

/** A real HTTP server, whose handler can be replaced while it runs. */
async function serve(first: (request: Request) => Promise<Response>) {
  let handler = first;
  const server = createServer(async (incoming, outgoing) => {
    const { method = '', url: target, headers } = incoming;
    const body = method === 'GET' ? null : (Readable.toWeb(incoming) as ReadableStream);
    const init = { method, headers: headers as Record<string, string>, body, duplex: 'half' };
    const response = await handler(new Request(`http://${headers.host}${target}`, init as RequestInit));
    outgoing.writeHead(response.status).end(await response.text());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    deploy(next: typeof first) {
      handler = next;
    },
    close: () => new Promise((resolve) => server.close(resolve).closeAllConnections()),
  };
}

it('a provider moves its callers from one scheme to another, and sees who is left, without one refusal', async () => {
  const [old, next] = [countersignV1, publicScheme];
  const [counts, strict] = [countingSink(), countingSink()];
  const gate = (scheme: readonly Scheme[]) => protect(verifierOf({ scheme, audit: counts }), echo);
  const call = async (accessKey: string, scheme: Scheme, origin: string): Promise<number> => {
    const response = await signedFetch(signerOf(accessKey, scheme))(`${origin}/orders`, { method: 'POST', body: '{}' });
    expect(await response.text()).toMatch(response.ok ? /^(?:shop|bank): \{\}$/ : /problem|code/);
    return response.status;
  };

  const server = await serve(gate([old]));
  const { origin } = server;
  expect([await call('shop-key', old, origin), await call('bank-key', old, origin)]).toEqual([200, 200]);
  expect(await call('shop-key', next, origin)).toBe(401);
  expect(rowsOf(counts)).toEqual([
    '1 countersign-v1 bank accepted',
    '1 countersign-v1 shop accepted',
    '1 refused missing_signature',
  ]);

  // Both: the shop moves, the bank does not.
  counts.reset();
  server.deploy(gate([next, old]));
  expect([await call('shop-key', next, origin), await call('bank-key', old, origin)]).toEqual([200, 200]);
  expect(rowsOf(counts)).toEqual(['1 countersign-v1 bank accepted', '1 test-public shop accepted']);

  // Both still, but it is counted what the new one alone would refuse.
  counts.reset();
  server.deploy(reportOnly(verifierOf({ scheme: next, audit: strict }), gate([next, old])));
  expect([await call('shop-key', next, origin), await call('bank-key', old, origin)]).toEqual([200, 200]);
  expect(rowsOf(strict)).toEqual(['1 reported missing_signature', '1 test-public shop accepted']);
  expect(rowsOf(counts)).toEqual(['1 countersign-v1 bank accepted', '1 test-public shop accepted']);

  // The bank has moved too, and nothing is reported any more.
  strict.reset();
  expect([await call('shop-key', next, origin), await call('bank-key', next, origin)]).toEqual([200, 200]);
  expect(rowsOf(strict)).toEqual(['1 test-public bank accepted', '1 test-public shop accepted']);

  counts.reset();
  server.deploy(gate([next]));
  expect([await call('shop-key', next, origin), await call('bank-key', next, origin)]).toEqual([200, 200]);
  expect(await call('bank-key', old, origin)).toBe(401);
  expect(rowsOf(counts)).toEqual([
    '1 refused missing_signature',
    '1 test-public bank accepted',
    '1 test-public shop accepted',
  ]);
  await server.close();
});

it('lets a request pass for which a function of the options throws, and goes on without it', async () => {
  const events: AuditEvent[] = [];
  const verifier = verifierOf({ audit: (event) => void events.push(event) });
  const handle = reportOnly(verifier, (_, caller) => new Response(caller?.principal.service), {
    address: () => {
      throw new TypeError('Invalid URL');
    },
  });
  const response = await handle(await signerOf('shop-key').sign(new Request(url)));
  expect([response.status, await response.text()]).toEqual([200, 'shop']);
  expect(events).toMatchObject([{ outcome: 'accepted', address: undefined }]);
});
