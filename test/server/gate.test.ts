import { createSigner } from 'countersign';
import { type AuditEvent, type ProtectOptions, protect } from 'countersign/server';
import { describe, expect, it } from 'vitest';
import { digestOf, macOf, noon, type RigOptions, rig, url } from './rig.ts';

/** A protected handler that answers with `answer`, and what reached it. */
function gate(answer: () => Response, { options = {}, ...protection }: ProtectOptions & { options?: RigOptions } = {}) {
  const made = rig(options);
  const reached: Request[] = [];
  const handle = protect(
    made.verifier,
    (request) => {
      reached.push(request);
      return answer();
    },
    protection,
  );
  return { ...made, handle, reached };
}

const hello = () => Response.json({ hello: 'shop' });
const unsigned = () => new Request(url, { headers: { 'x-api-key': 'a' } });

/** What a countersignature must be, put together by hand from docs/protocol.md. */
function expectedMac(
  secret: string,
  request: Request,
  { response, body }: { response: Response; body: string },
): string {
  const lines = [
    'countersign-v1-response',
    request.headers.get('x-api-signature'),
    response.headers.get('x-api-timestamp'),
    response.status,
    response.headers.get('content-type') ?? '',
    body === '' ? '' : digestOf(body),
    ...['content-range', 'location'].flatMap((name) => {
      const value = response.headers.get(name);
      return value === null ? [] : [`${name}:${value}`];
    }),
  ];
  return `v1=${macOf(secret, lines.join('\n'))}`;
}

describe('a refusal', () => {
  it('is a problem document of RFC 9457, with a challenge, and is never stored', async () => {
    const { handle, reached } = gate(hello);
    const response = await handle(new Request(url));
    expect(response.status).toBe(401);
    expect(Object.fromEntries(response.headers)).toEqual({
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      'www-authenticate': 'Countersign scheme="countersign-v1", error="missing_signature"',
    });
    expect(await response.json()).toEqual({
      type: 'about:blank',
      title: 'Unauthorized',
      status: 401,
      code: 'missing_signature',
      detail: expect.stringContaining('not signed'),
    });
    expect(reached).toEqual([]);
  });

  it('of a malformed request is 400, without a challenge', async () => {
    const response = await gate(hello).handle(unsigned());
    expect(response.status).toBe(400);
    expect(response.headers.has('www-authenticate')).toBe(false);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
  });

  it('for want of a scope is 403, and names it', async () => {
    const options = { record: { scopes: ['orders:read'] } };
    const { handle, signer, reached } = gate(hello, { scope: 'orders:write', options });
    const response = await handle(await signer.sign(new Request(url)));
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ title: 'Forbidden', code: 'insufficient_scope' });
    expect(reached).toEqual([]);
    const allowed = gate(hello, { scope: 'orders:read', options });
    expect((await allowed.handle(await allowed.signer.sign(new Request(url)))).status).toBe(200);
  });

  it.each([
    [{ msBeforeNext: 1500 }, '2'],
    [{ msBeforeNext: 0 }, '1'],
    [{ msBeforeNext: 60_000 }, '60'],
    [{}, null],
    [undefined, null],
    [{ msBeforeNext: 'soon' }, null],
    [{ minute: { msBeforeNext: 1500 }, hour: { msBeforeNext: 60_000 } }, '60'],
  ])('for too many requests (%j) says when to come again: %s', async (rejection, seconds) => {
    const limits = { byKey: { consume: () => Promise.reject(rejection) } };
    const { handle, signer } = gate(hello, { options: { limits } });
    const response = await handle(await signer.sign(new Request(url)));
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe(seconds);
  });

  it.each([new Error('Redis is gone'), { minute: new Error('Redis is gone') }])(
    'because a limiter fails is 503, not 429 (%s)',
    async (rejection) => {
      const limits = { byKey: { consume: () => Promise.reject(rejection) } };
      const { handle, signer } = gate(hello, { options: { limits } });
      const response = await handle(await signer.sign(new Request(url)));
      expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
      expect(await response.text()).not.toContain('Redis');
    },
  );

  it('because a store is down is 503 with Retry-After', async () => {
    const replay = { claim: () => Promise.reject(new Error('10.0.0.7 refused')) };
    const { handle, signer } = gate(hello, { options: { replay } });
    const response = await handle(await signer.sign(new Request(url)));
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await response.text()).not.toContain('10.0.0.7');
  });

  it.each([undefined, null, '', 'ok', 'FRESH', true, 1, {}, ['fresh']])(
    'follows where the replay store answers %j',
    async (claim) => {
      const replay = { claim: () => claim as 'fresh' };
      const { handle, signer, reached } = gate(hello, { options: { replay } });
      const response = await handle(await signer.sign(new Request(url)));
      expect(response.status).toBe(503);
      expect(reached).toEqual([]);
    },
  );
});

describe('the address of a caller', () => {
  it('is taken as told, for limits and audit', async () => {
    const keys: string[] = [];
    const events: AuditEvent[] = [];
    const consume = async (key: string) => {
      keys.push(key);
    };
    const { handle, signer } = gate(hello, {
      address: (request) => request.headers.get('x-real-ip') ?? undefined,
      options: { limits: { byAddress: { consume } }, audit: (event) => void events.push(event) },
    });
    await handle(await signer.sign(new Request(url, { headers: { 'x-real-ip': '192.0.2.1' } })));
    await handle(await signer.sign(new Request(url)));
    await handle(unsigned());
    // What is not signed costs as much, and what has no address is not without limit.
    expect(keys).toEqual(['192.0.2.1', 'unknown', 'unknown']);
    expect(events.map(({ address }) => address)).toEqual(['192.0.2.1', undefined, undefined]);
  });
});

describe('a countersigned answer', () => {
  it.each<[string, () => Response, string]>([
    ['JSON', hello, '{"hello":"shop"}'],
    ['text', () => new Response('höllo', { status: 201 }), 'höllo'],
    ['nothing', () => new Response(null, { status: 204 }), ''],
    ['nothing new', () => new Response(null, { status: 304, headers: { etag: '"1"' } }), ''],
    ['an empty text', () => new Response(''), ''],
    ['an error', () => new Response('no', { status: 500, headers: { 'content-type': 'text/html' } }), 'no'],
    ['a redirect', () => Response.redirect('https://example.com/', 302), ''],
    ['a stream', () => new Response(new Blob(['a', 'b']).stream() as BodyInit), 'ab'],
  ])('with %s holds what the client will read', async (_, answer, body) => {
    const { handle, signer, secret } = gate(answer, { countersign: 'always' });
    const request = await signer.sign(new Request(url));
    const response = await handle(request);
    const plain = answer();
    expect([response.status, response.headers.get('content-type')]).toEqual([
      plain.status,
      plain.headers.get('content-type'),
    ]);
    expect(response.headers.get('etag')).toBe(plain.headers.get('etag'));
    expect(await response.text()).toBe(body);
    expect(response.headers.get('x-api-timestamp')).toBe(String(noon / 1000));
    expect(response.headers.get('unencoded-digest')).toBe(body === '' ? null : digestOf(body));
    expect(response.headers.get('x-api-signature')).toBe(expectedMac(secret, request, { response, body }));
  });

  it('to HEAD is over no body, whatever the handler gave it', async () => {
    const { handle, signer, secret } = gate(hello, { countersign: 'always' });
    const request = await signer.sign(new Request(url, { method: 'HEAD' }));
    const response = await handle(request);
    expect(response.headers.has('unencoded-digest')).toBe(false);
    expect(response.headers.get('x-api-signature')).toBe(expectedMac(secret, request, { response, body: '' }));
  });

  it('keeps every cookie', async () => {
    const headers = new Headers([
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=2'],
    ]);
    const { handle, signer } = gate(() => new Response('x', { headers }), { countersign: 'always' });
    const response = await handle(await signer.sign(new Request(url)));
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
  });

  it('is made with the secret that verified the request, not another of the key', async () => {
    const [old, next] = ['the old secret of this key', 'the new secret of this key'];
    const { handle, accessKey } = gate(hello, {
      countersign: 'always',
      options: { record: { secrets: [{ secret: old }, { secret: next }] } },
    });
    for (const secret of [old, next]) {
      const request = await createSigner({ accessKey, secret, clock: () => noon }).sign(new Request(url));
      const response = await handle(request);
      const body = await response.text();
      expect(response.headers.get('x-api-signature')).toBe(expectedMac(secret, request, { response, body }));
    }
  });

  it('is not asked for by default', async () => {
    const { handle, signer } = gate(hello);
    const response = await handle(await signer.sign(new Request(url)));
    expect(response.headers.has('x-api-signature')).toBe(false);
  });
});

describe('a timestamp that is refused', () => {
  it.each([
    ['GET', -1000, 'stale_timestamp'],
    ['GET', 1000, 'future_timestamp'],
    ['HEAD', -1000, 'stale_timestamp'],
  ])('to a proved caller (%s, %i s) tells the server’s time, countersigned', async (method, seconds, code) => {
    const { handle, accessKey, secret } = gate(hello);
    const clock = () => noon + seconds * 1000;
    const request = await createSigner({ accessKey, secret, clock }).sign(new Request(url, { method }));
    const response = await handle(request);
    const text = await response.text();
    const body = method === 'HEAD' ? '' : text;
    expect(response.status).toBe(401);
    expect(JSON.parse(text)).toMatchObject({ code, detail: expect.stringContaining('1000 seconds') });
    expect(response.headers.get('x-api-timestamp')).toBe(String(noon / 1000));
    expect(response.headers.get('x-api-signature')).toBe(expectedMac(secret, request, { response, body }));
  });

  it('to a stranger is not countersigned, so that nobody gets a MAC for the asking', async () => {
    const { handle, accessKey } = gate(hello, { options: { record: { explain: true } } });
    const signer = createSigner({ accessKey, secret: 'guessed, and wrongly', clock: () => noon - 1e6 });
    const response = await handle(await signer.sign(new Request(url)));
    expect(await response.json()).toMatchObject({ code: 'signature_mismatch' });
    expect(response.headers.has('x-api-signature')).toBe(false);
  });
});

describe('a function of the options that throws for a request', () => {
  const broken = () => {
    throw new TypeError('Invalid URL');
  };

  it.each([{ address: broken }, { accessKey: broken }])(
    'refuses it, charges an unknown address, and is audited',
    async (options) => {
      const events: AuditEvent[] = [];
      const charged: string[] = [];
      const { handle, signer, reached } = gate(hello, {
        ...options,
        options: {
          audit: (event) => void events.push(event),
          limits: { byAddress: { consume: async (key) => charged.push(key) } },
        },
      });
      const response = await handle(await signer.sign(new Request(url)));
      expect([response.status, reached, charged]).toEqual([500, [], ['unknown']]);
      expect(events).toMatchObject([{ outcome: 'refused', code: 'internal_error', path: '/v1/orders' }]);
      expect(events[0]?.message).toContain('Invalid URL');
    },
  );
});

describe('a part of the verifier that throws while it refuses', () => {
  const broken = () => {
    throw new Error('the source of random values failed');
  };

  it('leaves the refusal without a challenge', async () => {
    const { handle } = gate(hello, {
      options: { challenges: { lifetime: 60_000, issue: broken, accepts: () => false } },
    });
    const response = await handle(new Request(url));
    expect([response.status, (await response.json()).code]).toEqual([401, 'missing_signature']);
    expect(response.headers.get('www-authenticate')).not.toContain('challenge');
  });

  it.each([broken, () => undefined as never, async () => broken()])(
    'leaves it without an explanation',
    async (explain) => {
      const { handle, signer } = gate(hello, { options: { explain, record: { explain: true } } });
      const signed = await signer.sign(new Request(url));
      const response = await handle(new Request(`${url}?changed`, signed));
      expect([response.status, (await response.json()).code]).toEqual([401, 'signature_mismatch']);
    },
  );
});

it('refuses a request that a server built without method or target', async () => {
  const { verifier, events } = gate(hello);
  for (const lacking of ['method', 'target', 'authority', 'headers']) {
    const whole = { method: 'GET', authority: 'api.example.com', target: '/', headers: new Headers() };
    const result = await verifier.verify({ ...whole, [lacking]: undefined });
    expect(result.ok).toBe(false);
  }
  expect(events.map(({ outcome }) => outcome)).toEqual(Array(4).fill('refused'));
});
