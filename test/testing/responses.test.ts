import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import {
  challengeFetch,
  correctedClock,
  countersignedFetch,
  createSigner,
  generateCredentials,
  issueSession,
  readChallenge,
  renewing,
  retirementFetch,
  type Signer,
  signedFetch,
} from 'countersign';
import { protect } from 'countersign/node';
import { defineScheme, rfc9421 } from 'countersign/schemes';
import { createVerifier, type KeyRecord, memoryKeys, memoryReplay, type VerifierOptions } from 'countersign/server';
import { serverResponse, testClock, testCredentials, testSigner } from 'countersign/testing';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { describe, expect, it } from 'vitest';
import { type Situation, situations } from '../../src/testing/situations.ts';

const api = 'https://api.example.com';
const now = testClock();
const { accessKey, secret } = testCredentials;
const record: KeyRecord = { accessKey, service: 'shop', secrets: [{ secret }] };

/** A scheme that signs a challenge of the server. */
const challenged = defineScheme({
  name: 'challenged',
  timestamp: 'unix-seconds',
  nonce: { form: 'hex', min: 32, max: 32 },
  stringToSign: '{accessKey}\n{timestamp}\n{nonce}\n{challenge}\n{method}\n{authority}\n{target}\n{body|sha256|hex}',
  headers: {
    'X-Key': '{accessKey}',
    'X-Time': '{timestamp}',
    'X-Nonce': '{nonce}',
    'X-Challenge': '{challenge}',
    'X-Signature': '{signature}',
  },
});

/** A server in the situation, as a provider would bring it about. */
type RealServer = {
  readonly record?: Partial<KeyRecord>;
  readonly verifier?: Partial<VerifierOptions>;
  readonly scope?: string;
  readonly countersign?: 'never';
  /** Calls it this many times with the same request. @default once */
  readonly calls?: number;
  readonly unsigned?: true;
};

const down = async (): Promise<never> => {
  throw new Error('ECONNREFUSED');
};
const spent = new RateLimiterMemory({ points: 10, duration: 60 });
await spent.penalty(accessKey, 10);

const real: Readonly<Record<Exclude<Situation, 'changed_response' | 'invalid_challenge'>, RealServer>> = {
  accepted: {},
  retiring_secret: { record: { secrets: [{ secret, expiresAt: now + 604_800_000 }] } },
  unsigned_response: { countersign: 'never' },
  missing_signature: { unsigned: true },
  invalid_signature: { record: { secrets: [{ secret: generateCredentials().secret }] } },
  stale_timestamp: { verifier: { clock: () => now + 3_600_000 } },
  future_timestamp: { verifier: { clock: () => now - 3_600_000 } },
  expired_key: { record: { expiresAt: now - 1 } },
  inactive_key: { record: { notBefore: now + 1 } },
  revoked_key: { record: { revoked: true } },
  address_not_allowed: { record: { addresses: ['198.51.100.0/24'] } },
  insufficient_scope: { scope: 'admin' },
  replayed_request: { calls: 2 },
  body_too_large: { verifier: { maxBodyBytes: 0 } },
  rate_limited: { verifier: { limits: { byKey: spent } } },
  limiter_unavailable: { verifier: { limits: { byKey: { consume: down } } } },
  key_store_unavailable: { verifier: { keys: { find: down } } },
  replay_store_unavailable: { verifier: { replay: { claim: down } } },
};

/** Sends the request to a real server on a port, and returns what comes over the wire. */
async function overTheWire(request: Request, given: RealServer): Promise<Response> {
  const keys = memoryKeys([{ ...record, ...given.record }]);
  const clock = given.verifier?.clock ?? testClock;
  const verifier = createVerifier({
    keys,
    replay: memoryReplay({ clock }),
    clock,
    publicOrigin: api,
    ...given.verifier,
  });
  const options = { countersign: given.countersign ?? 'always', ...(given.scope && { scope: given.scope }) } as const;
  const handler = protect(
    verifier,
    (_, response) => void response.writeHead(200, { 'Content-Type': 'application/json' }).end('{}'),
    options,
  );
  const server = createServer((incoming, outgoing) => void handler(incoming, outgoing)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const body = await request.text();
  let response: Response | undefined;
  for (let call = 0; call < (given.calls ?? 1); call++) {
    const sent = httpRequest({
      port: (server.address() as AddressInfo).port,
      path: request.url.slice(api.length),
      method: request.method,
      headers: given.unsigned ? {} : Object.fromEntries(request.headers),
    }).end(body);
    const [received] = (await once(sent, 'response')) as [IncomingMessage];
    response = new Response(await text(received), {
      status: received.statusCode ?? 0,
      headers: received.headers as Record<string, string>,
    });
  }
  server.close();
  server.closeAllConnections();
  return response ?? expect.fail('no call');
}

/** What a response shows of its server, without what the connection adds. */
async function shown(response: Response): Promise<object> {
  const headers = Object.fromEntries(response.headers);
  for (const name of [
    'date',
    'connection',
    'keep-alive',
    'content-length',
    'transfer-encoding',
    'cross-origin-resource-policy',
  ])
    delete headers[name];
  // Each limiter counts on its own.
  for (const name of ['ratelimit', 'ratelimit-policy', 'retry-after']) {
    const value = headers[name]?.replace(/\d{2,}/g, '…');
    if (value) headers[name] = value;
  }
  return { status: response.status, headers, body: await response.text() };
}

const order = (signer: Signer = testSigner()) =>
  signer.sign(`${api}/v1/orders?q=1`, { method: 'POST', body: '{"sku":"A-1"}' });

describe('serverResponse', () => {
  it.each(Object.entries(real))('%s is byte for byte what a server sends', async (name, given) => {
    const request = await order();
    const sent = await overTheWire(request.clone(), given);
    expect(await shown(await serverResponse(name as Situation, { request }))).toEqual(await shown(sent));
  });

  it('has a request of its own, so that no app is needed', async () => {
    for (const name of Object.keys(real) as Situation[]) {
      const { status } = await serverResponse(name);
      expect([name, status >= 400]).toEqual([name, !situations[name].accepted]);
    }
  });

  it('leaves the request readable', async () => {
    const request = await order();
    await serverResponse('expired_key', { request });
    expect(await request.text()).toBe('{"sku":"A-1"}');
  });

  it('says why no server responds so to a request', async () => {
    const unsigned = serverResponse('expired_key', { request: new Request(api) });
    await expect(unsigned).rejects.toThrow(/No server responds with expired_key .*\n?.*not signed/);
    const other = serverResponse('accepted', { request: await order(), key: generateCredentials() });
    await expect(other).rejects.toThrow('No key has the access key');
    const challenge = serverResponse('invalid_challenge', { request: await order() });
    await expect(challenge).rejects.toThrow('Its response has the status 200.');
    await expect(serverResponse('no_such' as Situation)).rejects.toThrow('no situation "no_such"');
    await expect(serverResponse('accepted', { retryafter: 1 } as object)).rejects.toThrow('Did you mean retryAfter');
    await expect(serverResponse('accepted', { request: 'GET /' as never })).rejects.toThrow('takes a Request');
  });

  it('signs with the key of the app, by its scheme', async () => {
    const credentials = generateCredentials();
    const scheme = rfc9421();
    const signer = createSigner({ accessKey: credentials.accessKey, secret: credentials.secret, scheme });
    const responses = async (situation: Situation) => {
      const api = countersignedFetch(signer, {
        fetch: async (input, init) =>
          serverResponse(situation, { request: new Request(input, init), key: credentials, scheme }),
      });
      return (await api('https://api.example.com/v1/orders')).status;
    };
    expect(await responses('accepted')).toBe(200);
    expect(await responses('expired_key')).toBe(401);
    expect((await serverResponse('accepted', { key: credentials, scheme })).status).toBe(200);
  });

  it('needs a request for a key that only verifies', async () => {
    const { publicKey } = (await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])) as CryptoKeyPair;
    const key = { accessKey: 'page-1', service: 'shop', secrets: [{ publicKey }] };
    await expect(serverResponse('accepted', { key, scheme: rfc9421() })).rejects.toThrow('needs the request');
  });
});

describe('the wrappers of fetch meet what they are made for', () => {
  const signer = createSigner(testCredentials);
  const network = (situation: Situation, options = {}) => ({
    fetch: async (input: string | URL | Request, init?: RequestInit) =>
      serverResponse(situation, { ...options, request: new Request(input, init) }),
  });

  it('countersignedFetch refuses an unsigned response and a changed one', async () => {
    const url = `${api}/v1/orders`;
    const response = Response.json({ paid: true });
    expect(await (await countersignedFetch(signer, network('accepted', { response }))(url)).json()).toEqual({
      paid: true,
    });
    await expect(countersignedFetch(signer, network('unsigned_response'))(url)).rejects.toMatchObject({
      code: 'response_unsigned',
    });
    await expect(countersignedFetch(signer, network('changed_response'))(url)).rejects.toMatchObject({
      code: 'response_mismatch',
    });
  });

  it('retirementFetch learns when the secret ends', async () => {
    const seen: Date[] = [];
    const retiresAt = Math.floor(Date.now() / 1000) * 1000 + 86_400_000;
    const fetch = signedFetch(signer, network('retiring_secret', { retiresAt }));
    await retirementFetch(signer, { fetch, onRetirement: (at) => seen.push(at) })(`${api}/v1/orders`);
    expect(seen).toEqual([new Date(retiresAt)]);
  });

  it('a corrected clock learns from a stale timestamp', async () => {
    const clock = correctedClock();
    const late = createSigner({ ...testCredentials, clock });
    const response = await countersignedFetch(late, { ...network('stale_timestamp'), clock })(`${api}/v1/orders`);
    expect(response.status).toBe(401);
    expect(clock.offset() / 3_600_000).toBeGreaterThan(0.9);
  });

  it('challengeFetch gets a challenge', async () => {
    const challenging = createSigner({ ...testCredentials, scheme: challenged });
    const fetch = signedFetch(challenging, network('invalid_challenge', { scheme: challenged }));
    const response = await challengeFetch(challenging, { fetch })(`${api}/v1/orders`);
    expect(readChallenge(response)).toMatch(/^\d+\.[\da-f]{32}\.[\da-f]{64}$/);
  });

  it('renewing fetches another session at expired_key', async () => {
    let fetched = 0;
    const session = renewing(async () => {
      fetched++;
      return Response.json({ ...issueSession(testCredentials, { expiresIn: 900 }), expiresIn: 900 });
    });
    const fetch = session.fetch(signedFetch(createSigner({ credentials: session }), network('expired_key')));
    expect((await fetch(`${api}/v1/orders`)).status).toBe(401);
    expect(fetched).toBe(2);
  });
});
