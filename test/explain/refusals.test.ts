import { createHmac } from 'node:crypto';
import { explainRefusals, explainSignature } from 'countersign/explain';
import { defineScheme, githubWebhooks, rfc9421 } from 'countersign/schemes';
import {
  createVerifier,
  type KeyRecord,
  memoryKeys,
  memoryReplay,
  type ReceivedRequest,
  type RefusalExplainer,
  type Refused,
  type VerifierOptions,
  type VerifyContext,
} from 'countersign/server';
import { describe, expect, it } from 'vitest';
import { headerView } from '../../src/node/received.ts';
import { accessKey, type Case, codesOf, noon, receivedFrom, secret } from './partner.ts';

/** As long as the search takes, so that a busy machine finds the same. */
const patient = (): RefusalExplainer => explainRefusals({ timeout: 30_000, perMinute: 1000 });

type Serving = Partial<VerifierOptions> & { readonly record?: Partial<KeyRecord> };

const verifierWith = ({ record, ...options }: Serving = {}) =>
  createVerifier({
    keys: memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }], explain: true, ...record }]),
    replay: memoryReplay(),
    clock: () => noon,
    explain: patient(),
    ...options,
  });

type Problem = {
  readonly code: string;
  readonly detail: string;
  readonly stringToSign?: string;
  readonly differences?: ReadonlyArray<{ readonly code: string; readonly message: string }>;
};

async function refusalOf(
  request: ReceivedRequest | Request,
  serving: Serving = {},
  context: VerifyContext = {},
): Promise<Refused> {
  const result = await verifierWith(serving).verify(request, context);
  if (result.ok) throw new Error('The request was accepted.');
  return result;
}

const problemIn = ({ response }: Refused): Problem => JSON.parse(response.body);
const problemOf = async (given: Case, serving?: Serving) => problemIn(await refusalOf(receivedFrom(given), serving));

const moved: Case = { partner: { target: '/v1/orders/' }, received: { target: '/v1/orders' } };

describe('a key that explains', () => {
  it('gets the string to sign and what differs', async () => {
    expect(await problemOf(moved)).toEqual({
      type: 'about:blank',
      title: 'Unauthorized',
      status: 401,
      code: 'signature_mismatch',
      detail:
        'No active secret of the key produces this signature for this request. The caller signed the path /v1/orders/; /v1/orders was received.',
      stringToSign: expect.stringMatching(
        /^countersign-v1-request\npartner-1\n1795348800\n.*\nPOST\napi\.example\.com\n\/v1\/orders\napplication\/json\nsha-256=:.*:$/,
      ),
      differences: [{ code: 'path-slash', message: expect.any(String), remedy: expect.any(String), proven: true }],
    });
  });

  it('gets what differs in a body', async () => {
    const problem = await problemOf({ partner: { body: '{"sku": "A-1"}' }, received: { body: '{"sku":"A-1"}' } });
    expect(problem).toMatchObject({ code: 'body_digest_mismatch', differences: [{ code: 'body-serialised' }] });
    expect(problem.stringToSign).toContain('sha-256=:');
  });

  it('gets a hint where nothing is found', async () => {
    const problem = await problemOf({ partner: { secret: 'an unknown secret of theirs' } });
    expect(problem.differences).toEqual([]);
    expect(problem.detail).toContain('compare stringToSign');
  });

  it('gets the string to sign alone from a verifier that does not search', async () => {
    const { explain: _, ...options } = { explain: undefined };
    const verifier = createVerifier({
      ...options,
      keys: memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }], explain: true }]),
      replay: memoryReplay(),
      clock: () => noon,
    });
    const result = await verifier.verify(receivedFrom(moved));
    const problem = result.ok ? undefined : problemIn(result);
    expect(problem?.stringToSign).toContain('/v1/orders');
    expect(problem).not.toHaveProperty('differences');
  });

  it('is refused all the same where the explanation fails', async () => {
    const explain: RefusalExplainer = async () => {
      throw new Error('The explanation failed.');
    };
    expect(await problemOf(moved, { explain })).toMatchObject({
      code: 'signature_mismatch',
      stringToSign: expect.any(String),
    });
  });
});

describe('everybody else', () => {
  it.each<[string, Case, Serving]>([
    ['a key without explain', moved, { record: { explain: false } }],
    ['an unknown key', { ...moved, partner: { ...moved.partner, accessKey: 'partner-9' } }, {}],
  ])('%s gets one sentence', async (_, given, serving) => {
    expect(await problemOf(given, serving)).toEqual({
      type: 'about:blank',
      title: 'Unauthorized',
      status: 401,
      code: 'invalid_signature',
      detail: 'The access key or the signature is not valid.',
    });
  });
});

describe('a caller who knows an access key that explains, and not its secret', () => {
  const hidden = 'the-proxy-and-the-app-share-this';
  const withProxySecret: Partial<Case> = {
    received: { headers: { 'content-type': 'application/json', 'x-from-proxy': hidden } },
  };
  const naming = (value: string, own: string): Case => ({
    ...withProxySecret,
    partner: {
      headers: { 'content-type': 'application/json', 'x-from-proxy': value },
      signedHeaders: ['x-from-proxy'],
      secret: own,
    },
  });
  const all = async (given: Case): Promise<string> => (await refusalOf(receivedFrom(given))).response.body;

  it.each(['', 'undefined', secret, `${secret}\n`])(
    'learns no value of a header that a proxy adds, by the secret %j',
    async (own) => {
      for (const value of ['', hidden.slice(0, 5), hidden.toUpperCase()]) {
        const body = await all(naming(value, own));
        expect(body).not.toContain(hidden);
        expect(body).toContain(`x-from-proxy:(${hidden.length} characters)`);
      }
      // A value that the search finds, with the header named and nothing of its value.
      const found = await problemOf(naming('', own));
      if (own.startsWith(secret))
        expect(found.differences).toMatchObject([{ code: 'header-value' }, {}].slice(0, own === secret ? 1 : 2));
      else {
        expect(found.differences).toEqual([]);
        // The right value is not confirmed either.
        expect((await problemOf(naming(hidden, own))).differences).toEqual([]);
      }
    },
  );

  it('learns no such value from a line that it left out, or changed', async () => {
    const { partner = {}, ...given } = naming(hidden, secret);
    const changes: ReadonlyArray<(all: string[]) => string[]> = [
      (all) => all.slice(0, -1),
      (all) => all.map((line, place) => (place === 9 ? line.toUpperCase() : line)),
      (all) => all.map((line) => line.replace('x-from-proxy:', 'x-from-proxy: ')),
      (all) => [...all.slice(0, 7), all[9] ?? '', all[8] ?? '', all[7] ?? ''],
    ];
    for (const lines of changes) {
      const { response } = await refusalOf(receivedFrom({ ...given, partner: { ...partner, lines } }));
      expect(response.body).not.toContain(hidden);
      expect(JSON.parse(response.body).differences).toHaveLength(1);
    }
  });

  it('gets no character that a terminal obeys in what differs', async () => {
    const target = '/v1/%1B%5B31m%E2%80%AE%C3%A9';
    const problem = await problemOf({ received: { target }, partner: { target: decodeURIComponent(target) } });
    expect(problem.differences).toMatchObject([{ code: 'path-encoding' }]);
    expect(problem.differences?.[0]?.message).toContain('/v1/?[31m?é');
  });

  it('learns no such value from a scheme that changes it', async () => {
    const scheme = defineScheme({
      ...githubWebhooks,
      name: 'with-header',
      stringToSign: '{header.x-from-proxy|upper}\n{header.x-from-proxy|upper|truncate:4}\n{body|sha256|hex}',
    } as never);
    const headers = headerView([
      ...['host', 'shop.example.com', 'x-from-proxy', hidden],
      ...['x-hub-signature-256', `sha256=${'ab'.repeat(32)}`],
    ]);
    const request: ReceivedRequest = {
      ...{ method: 'POST', authority: 'shop.example.com', target: '/', headers },
      body: new TextEncoder().encode('{}'),
    };
    const keys = memoryKeys([{ accessKey: 'with-header', service: 'shop', secrets: [{ secret }], explain: true }]);
    const accept = (scheme.findings ?? []).map(({ code }) => code);
    const { stringToSign } = problemIn(await refusalOf(request, { keys, scheme, acceptFindings: accept }));
    expect(stringToSign?.toLowerCase()).not.toContain(hidden.slice(0, 4));
    expect(stringToSign).toMatch(/\n[\da-f]{64}$/);
  });

  it('is told that it signs with an empty secret, and of nothing beside', async () => {
    expect((await problemOf({ partner: { secret: '' } })).differences).toMatchObject([{ code: 'secret-missing' }]);
    const both = await problemOf({ ...moved, partner: { ...moved.partner, secret: '' } });
    expect(both.differences).toEqual([]);
  });

  it('cannot guess the end of a secret, which explainSignature would confirm', async () => {
    const own = 'the_first_part_is_long_and_the_last_is_xy';
    const given: Case = { partner: { secret: 'xy' }, record: { secrets: [{ secret: own }] } };
    const record = { secrets: [{ secret: own }] };
    expect((await problemOf(given, { record })).differences).toEqual([]);
    const keys = memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret: own }] }]);
    expect(codesOf(await explainSignature(receivedFrom(given), { keys, clock: () => noon }))).toEqual([
      'secret-encoding',
    ]);
  });

  it('gets neither the secret nor the signature that it lacks', async () => {
    for (const given of [moved, { partner: { secret: 'an unknown secret of theirs' } }, { partner: { secret: '' } }]) {
      const { response } = await refusalOf(receivedFrom(given));
      const { stringToSign = '' } = JSON.parse(response.body);
      const expected = createHmac('sha256', secret).update(stringToSign).digest();
      for (const text of [secret, expected.toString('hex'), expected.toString('base64')])
        expect(response.body + JSON.stringify(response.headers)).not.toContain(text);
    }
  });

  it('learns nothing of other keys', async () => {
    const looked: string[] = [];
    const records = [
      { accessKey, service: 'shop', secrets: [{ secret }], explain: true },
      { accessKey: 'partner-2', service: 'bakery', secrets: [{ secret: 'the secret of another key' }] },
    ];
    const keys = {
      find(name: string) {
        looked.push(name);
        return records.find((record) => record.accessKey === name);
      },
    };
    const body = (await refusalOf(receivedFrom({ partner: { secret: 'the secret of another key' } }), { keys }))
      .response.body;
    expect(body).not.toMatch(/bakery|partner-2|secret-of-another-key/);
    expect(new Set(looked)).toEqual(new Set([accessKey]));
  });

  it('gets a response of bounded size in plain ASCII', async () => {
    const target = `/v1/${'a%20'.repeat(4000)}`;
    const long = await refusalOf(receivedFrom({ received: { target }, partner: { target: `${target}x` } }));
    expect(long.response.body.length).toBeLessThan(20_000);
    expect(problemIn(long).stringToSign).toMatch(/… \(\d+ characters\)$/);
    const scheme = defineScheme(githubWebhooks);
    const headers = headerView(['host', 'a.example.com', 'x-hub-signature-256', `sha256=${'ab'.repeat(32)}`]);
    const text = '\u001b[31m</script>\u202e\u009b\u0000é';
    const request = {
      method: 'POST',
      authority: 'a.example.com',
      target: '/',
      headers,
      body: new TextEncoder().encode(text),
    };
    const keys = memoryKeys([{ accessKey: scheme.name, service: 'shop', secrets: [{ secret }], explain: true }]);
    const accept = (scheme.findings ?? []).map(({ code }) => code);
    const { response } = await refusalOf(request, { keys, scheme, acceptFindings: accept });
    expect(response.body).toMatch(/^[\x20-\x7e]+$/);
    expect(response.body).not.toContain('<');
    expect(JSON.parse(response.body).stringToSign).toBe(text);
    expect(response.headers['Cache-Control']).toBe('no-store');
  });
});

describe('the budget', () => {
  it('is per key and minute, and the string to sign costs none', async () => {
    const explain = explainRefusals({ perMinute: 2, timeout: 30_000 });
    const keys = memoryKeys(
      [accessKey, 'partner-2'].map((name) => ({
        accessKey: name,
        service: 'shop',
        secrets: [{ secret }],
        explain: true,
      })),
    );
    const verifier = createVerifier({ keys, replay: memoryReplay(), clock: () => noon, explain });
    const ask = async (name: string) => {
      const result = await verifier.verify(receivedFrom({ ...moved, partner: { ...moved.partner, accessKey: name } }));
      return result.ok ? undefined : problemIn(result);
    };
    for (const _ of [1, 2]) expect((await ask(accessKey))?.differences).toHaveLength(1);
    const third = await ask(accessKey);
    expect(third?.differences).toEqual([]);
    expect(third?.detail).toContain('at most 2 refusals a minute are explained');
    expect(third?.stringToSign).toContain('/v1/orders');
    expect((await ask('partner-2'))?.differences).toHaveLength(1);
  });

  it('lets one search run at a time', async () => {
    const verifier = verifierWith();
    const given = receivedFrom({ partner: { secret: 'an unknown secret of theirs' } });
    const results = await Promise.all([verifier.verify(given), verifier.verify(given), verifier.verify(given)]);
    const details = results.map((result) => (result.ok ? '' : problemIn(result).detail));
    expect(details.filter((detail) => detail.includes('another refusal is being explained'))).toHaveLength(2);
  });

  it('ends in time, and serves others meanwhile', async () => {
    const explain = explainRefusals({ timeout: 400 });
    let served = 0;
    const timer = setInterval(() => served++, 1);
    const begun = performance.now();
    await refusalOf(receivedFrom({ partner: { secret: 'an unknown secret of theirs' } }), { explain });
    clearInterval(timer);
    expect(performance.now() - begun).toBeLessThan(3000);
    expect(served).toBeGreaterThan(2);
  });

  it.each([{ perMinute: 0 }, { timeout: Number.NaN }, { maxBodyBytes: -1 }, { timeOut: 5 }])(
    'refuses %j',
    (options) => {
      expect(() => explainRefusals(options)).toThrow(expect.objectContaining({ code: 'invalid_configuration' }));
    },
  );

  it('is refused in place of a function', () => {
    expect(() => verifierWith({ explain: {} as never })).toThrow('explain must be a function');
  });
});

describe('a body that was not read', () => {
  /** A body that says how much of it was asked for. */
  function counted(chunks: number, wait = 0) {
    let pulled = 0;
    async function* body() {
      for (; pulled < chunks; pulled++) {
        if (wait) await new Promise((resolve) => setTimeout(resolve, wait));
        yield new Uint8Array(16_384);
      }
    }
    return { body: body(), pulled: () => pulled };
  }
  const withBody = (body: ReceivedRequest['body']): ReceivedRequest => ({ ...receivedFrom(moved), body });

  it('is read while it is small', async () => {
    const { body, pulled } = counted(2);
    const problem = problemIn(await refusalOf(withBody(body)));
    expect(pulled()).toBe(2);
    expect(problem.differences).toMatchObject([{ code: 'path-slash' }, { code: 'body-replaced' }]);
  });

  it('is left where it is large, and the rest is explained', async () => {
    const { body, pulled } = counted(1000);
    const problem = problemIn(await refusalOf(withBody(body)));
    expect(pulled()).toBeLessThan(6);
    expect(problem.differences).toMatchObject([{ code: 'path-slash' }]);
  });

  it('is left where it is slow', async () => {
    const { body, pulled } = counted(1000, 50);
    const explain = explainRefusals({ timeout: 1000, maxBodyBytes: 10 ** 9 });
    const problem = problemIn(await refusalOf(withBody(body), { explain }));
    expect(pulled()).toBeLessThan(40);
    expect(problem.differences).toMatchObject([{ code: 'path-slash' }]);
  });

  it.each<[string, VerifyContext]>([
    ['that the gateway checks itself', { body: 'deferred' }],
    ['of a request that is passed on all the same', { reportOnly: true }],
  ])('is left alone %s', async (_, context) => {
    const { body, pulled } = counted(2);
    await refusalOf(withBody(body), {}, context);
    expect(pulled()).toBe(0);
  });
});

describe('RFC 9421', () => {
  it('shows the components and masks what the caller chose', async () => {
    const scheme = rfc9421();
    const headers = headerView([
      ...['host', 'api.example.com', 'x-from-proxy', 'hidden'],
      ...[
        'signature-input',
        `sig1=("@method" "@target-uri" "x-from-proxy");created=${noon / 1000};keyid="${accessKey}";nonce="bm9uY2UtMTIzNDU2Nzg"`,
      ],
      ...['signature', `sig1=:${Buffer.alloc(32).toString('base64')}:`],
    ]);
    const request = { method: 'GET', authority: 'api.example.com', target: '/v1', scheme: 'https', headers } as const;
    const { code, stringToSign } = problemIn(await refusalOf(request, { scheme }));
    expect(code).toBe('signature_mismatch');
    expect(stringToSign).toContain('"x-from-proxy": (6 characters)');
    expect(stringToSign).toContain('"@method": GET');
  });
});
