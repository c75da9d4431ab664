import {
  type Credentials,
  correctedClock,
  countersignedFetch,
  createSigner,
  type Fetch,
  generateCredentials,
  SignatureError,
  signedFetch,
} from 'countersign';
import { createVerifier, memoryKeys, memoryReplay, protect } from 'countersign/server';
import { describe, expect, it } from 'vitest';
import { endless } from './endless.ts';

type Tamper = (response: Response, request: Request) => Response | Promise<Response>;

/** A caller and a server in one process; `tamper` is whoever sits between them. */
function rig({ tamper = (response) => response, lag = 0 }: { tamper?: Tamper; lag?: number } = {}) {
  const credentials = generateCredentials();
  const keys = memoryKeys([{ accessKey: credentials.accessKey, service: 'shop', secrets: [credentials] }]);
  const verifier = createVerifier({ keys, replay: memoryReplay() });
  const server = protect(verifier, async (request) => new Response(`read ${await request.text()}`, { status: 201 }), {
    countersign: 'always',
  });
  let calls = 0;
  const fetch: Fetch = async (input, init) => {
    calls++;
    const request = new Request(input, init);
    return tamper(await server(request.clone()), request);
  };
  const clock = correctedClock(() => Date.now() - lag);
  const signer = createSigner({ credentials, clock });
  return { call: countersignedFetch(signer, { fetch, clock }), clock, calls: () => calls };
}

const codeOf = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'believed',
    (error: unknown) => (error instanceof SignatureError ? error.code : error),
  );
const url = 'https://api.example.com/orders?a=1';

describe('countersignedFetch', () => {
  it('returns a countersigned answer with its body, status and headers', async () => {
    const response = await rig().call(url, { method: 'POST', body: 'sku' });
    expect([response.status, await response.text()]).toEqual([201, 'read sku']);
  });

  it('drops the reason phrase, which nobody signs', async () => {
    const tamper: Tamper = async (r) =>
      new Response(await r.text(), { status: 201, statusText: 'Pay to eve', headers: r.headers });
    const response = await rig({ tamper }).call(url, { method: 'POST', body: 'sku' });
    expect([response.statusText, await response.text()]).toEqual(['', 'read sku']);
  });

  it.each<[string, Tamper, string]>([
    [
      'has an empty content type where it has none',
      async (r, q) => {
        const bare = new Response(null, { status: 204 });
        return q.method === 'HEAD' ? bare : withHeader(r, 'content-type', '');
      },
      'response_unsigned',
    ],
    ['has another body', async (r) => new Response('read SKU', r), 'response_mismatch'],
    ['lost its body', (r) => new Response(null, r), 'response_mismatch'],
    [
      'has another status',
      async (r) => new Response(await r.text(), { status: 200, headers: r.headers }),
      'response_mismatch',
    ],
    ['has another content type', (r) => withHeader(r, 'content-type', 'text/html'), 'response_mismatch'],
    ['has another time', (r) => withHeader(r, 'x-api-timestamp', '1'), 'response_mismatch'],
    ['has no countersignature', (r) => withHeader(r, 'x-api-signature', null), 'response_unsigned'],
    ['has a malformed countersignature', (r) => withHeader(r, 'x-api-signature', 'v1=00'), 'response_unsigned'],
    ['lost its digest', (r) => withHeader(r, 'unencoded-digest', null), 'response_mismatch'],
    ['comes from someone who answers himself', () => Response.json({ ok: true }), 'response_unsigned'],
    [
      'echoes the signature of the request',
      (_, request) => new Response('', { headers: request.headers }),
      'response_mismatch',
    ],
  ])('refuses an answer that %s', async (_name, tamper, code) => {
    expect(await codeOf(rig({ tamper }).call(url, { method: 'POST', body: 'sku' }))).toBe(code);
  });

  it('refuses an answer that was made for an earlier request', async () => {
    let earlier: Response | undefined;
    const { call } = rig({
      tamper: (response) => {
        const answer = earlier ?? response;
        earlier ??= response.clone();
        return answer;
      },
    });
    await call(url);
    expect(await codeOf(call(url))).toBe('response_mismatch');
  });

  it('leaves no connection open for the body of an unsigned response', async () => {
    let cancelled = 0;
    const { call } = rig({ tamper: () => endless(() => cancelled++, { status: 200 }) });
    expect([await codeOf(call(url)), cancelled]).toEqual(['response_unsigned', 1]);
  });

  it('refuses an answer above the limit', async () => {
    const credentials = generateCredentials();
    const keys = memoryKeys([{ accessKey: credentials.accessKey, service: 'shop', secrets: [credentials] }]);
    const server = protect(createVerifier({ keys, replay: memoryReplay() }), () => new Response('12345'), {
      countersign: 'always',
    });
    const call = countersignedFetch(createSigner({ credentials }), {
      fetch: (input, init) => server(new Request(input, init)),
      maxBodyBytes: 4,
    });
    expect(await codeOf(call(url))).toBe('body_too_large');
  });

  it.each([3_600_000, -3_600_000])(
    'sets a clock right that is %d ms late, and sends the request once more',
    async (lag) => {
      const { call, clock, calls } = rig({ lag });
      expect((await call(url, { method: 'PUT', body: 'sku' })).status).toBe(201);
      expect(calls()).toBe(2);
      expect(Math.abs(clock() - Date.now())).toBeLessThan(1500);
      expect((await call(url)).status).toBe(201);
      expect(calls()).toBe(3);
    },
  );

  it.each<[string, () => unknown]>([
    [
      'a generator',
      async function* () {
        yield new TextEncoder().encode('sku');
      },
    ],
    ['bytes, which the caller may change', () => new TextEncoder().encode('sku')],
  ])('does not send %s once more: the second body could be another', async (_, body) => {
    const { call, calls } = rig({ lag: 3_600_000 });
    const init = { method: 'PUT', body: body(), duplex: 'half' } as RequestInit;
    expect((await call(url, init)).status).toBe(401);
    expect(calls()).toBe(1);
  });

  it('sends a POST only once, unless it has an Idempotency-Key: a copy of it may have been carried out', async () => {
    const { call, calls } = rig({ lag: 3_600_000 });
    expect((await call(url, { method: 'POST', body: 'sku' })).status).toBe(401);
    expect(calls()).toBe(1);
    expect((await call(url, { method: 'POST', body: 'sku' })).status).toBe(201);
    const other = rig({ lag: 3_600_000 });
    const headers = { 'Idempotency-Key': 'order-7' };
    expect((await other.call(url, { method: 'POST', body: 'sku', headers })).status).toBe(201);
    expect(other.calls()).toBe(2);
  });

  it('corrects the clock for calls under way at once', async () => {
    const { call } = rig({ lag: 3_600_000 });
    const answers = await Promise.all(Array.from({ length: 8 }, () => call(url)));
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(201));
  });

  it('does not let an answer set the clock whose countersignature is wrong', async () => {
    const { call, clock } = rig({ lag: 3_600_000, tamper: (r) => withHeader(r, 'x-api-timestamp', '9999999999') });
    expect(await codeOf(call(url))).toBe('response_mismatch');
    expect(clock.offset()).toBe(0);
  });

  it('believes the refusal of a replay, which its server countersigned', async () => {
    const credentials = generateCredentials();
    const keys = memoryKeys([{ accessKey: credentials.accessKey, service: 'shop', secrets: [credentials] }]);
    const server = protect(createVerifier({ keys, replay: memoryReplay() }), () => new Response('ok'));
    const signer = createSigner({ credentials, nonce: () => 'a-nonce-used-twice' });
    const fetch: Fetch = (input, init) => server(new Request(input, init));
    await signedFetch(signer, { fetch })(url);
    const refusal = await countersignedFetch(signer, { fetch })(url);
    expect([refusal.status, await refusal.json()]).toMatchObject([401, { code: 'replayed_request' }]);
  });

  it('believes an answer to a request that was signed just before the credentials were renewed', async () => {
    const pairs = [generateCredentials(), generateCredentials()] as const;
    const keys = memoryKeys(pairs.map((pair) => ({ accessKey: pair.accessKey, service: 'shop', secrets: [pair] })));
    const server = protect(createVerifier({ keys, replay: memoryReplay() }), () => new Response('ok'), {
      countersign: 'always',
    });
    let current: Credentials = pairs[0];
    const call = countersignedFetch(createSigner({ credentials: () => current }), {
      fetch: async (input, init) => {
        const answer = await server(new Request(input, init));
        current = pairs[1];
        return answer;
      },
    });
    expect(await (await call(url)).text()).toBe('ok');
    expect(await (await call(url)).text()).toBe('ok');
  });

  it('does not send a stream twice', async () => {
    const { call, calls } = rig({ lag: 3_600_000 });
    const response = await call(url, {
      method: 'POST',
      body: new Blob(['sku']).stream(),
      duplex: 'half',
    } as RequestInit);
    expect([response.status, calls()]).toEqual([401, 1]);
  });
});

function withHeader(response: Response, name: string, value: string | null): Response {
  const headers = new Headers(response.headers);
  if (value === null) headers.delete(name);
  else headers.set(name, value);
  return new Response(response.body, { status: response.status, headers });
}
