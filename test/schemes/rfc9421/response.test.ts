import { createHmac } from 'node:crypto';
import { countersignedFetch, createSigner, type Secret } from 'countersign';
import { rfc9421 } from 'countersign/schemes';
import { createVerifier, memoryKeys, memoryReplay, type VerifierOptions } from 'countersign/server';
import { afterEach, describe, expect, it } from 'vitest';
import { digestOf } from '../../server/rig.ts';
import { type Bridge, type Exchange, startBridge } from '../../server-bridge.ts';

const accessKey = 'shop';
const secret = 's'.repeat(32);
type Pair = { readonly publicKey: typeof CryptoKey.prototype; readonly privateKey: typeof CryptoKey.prototype };
const pairOf = async () => (await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])) as Pair;
const caller = await pairOf();
const server = await pairOf();

let bridge: Bridge | undefined;
afterEach(() => bridge?.close());

async function startServer(options: Partial<VerifierOptions> = {}, answer?: (exchange: Exchange) => Response) {
  const verifier = createVerifier({
    scheme: rfc9421(),
    keys: memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }, { publicKey: caller.publicKey }] }]),
    replay: memoryReplay(),
    ...options,
  });
  bridge = await startBridge({
    verifier,
    answer: (exchange) => {
      const { result } = exchange;
      if (!result.ok) return undefined;
      return result.countersign(answer?.(exchange) ?? Response.json({ bytes: exchange.request.body.length }));
    },
  });
  return bridge.origin;
}

const signer = createSigner({ accessKey, secret, scheme: rfc9421() });

describe('an answer', () => {
  it.each<{ name: string; signs: Secret; options: Partial<VerifierOptions>; responseKey?: Pair['publicKey'] }>([
    { name: 'with the shared secret', signs: secret, options: {} },
    {
      name: 'with the server key',
      signs: secret,
      options: { responseKey: { accessKey: 'server', secret: server.privateKey } },
      responseKey: server.publicKey,
    },
    {
      name: 'with a key pair on either side',
      signs: caller.privateKey,
      options: { responseKey: { accessKey: 'server', secret: server.privateKey } },
      responseKey: server.publicKey,
    },
  ])('is signed $name, and believed', async ({ signs, options, responseKey }) => {
    const origin = await startServer(options);
    const send = countersignedFetch(
      createSigner({ accessKey, secret: signs, scheme: rfc9421() }),
      responseKey ? { responseKey } : {},
    );
    const response = await send(`${origin}/v1/orders`, { method: 'POST', body: '{}' });
    expect(await response.json()).toEqual({ bytes: 2 });
    expect(response.headers.get('signature-input')).toMatch(
      /^sig1=\("@status" "content-type" "unencoded-digest" "signature";req;key="sig1"\);created=\d+;keyid="\w+";alg="[\w-]+"$/,
    );
  });

  it.each<[what: string, answer: () => Response, method?: string]>([
    ['no body', () => new Response(null, { status: 204 })],
    ['no content type', () => new Response(new Uint8Array([1, 2]))],
    [
      'a signature of its own',
      () => new Response('x', { headers: { signature: 'a=:AAAA:', 'signature-input': 'a=()' } }),
    ],
    ['a HEAD', () => new Response('x'), 'HEAD'],
  ])('is believed with %s', async (_, answer, method = 'GET') => {
    const origin = await startServer({}, answer);
    expect((await countersignedFetch(signer)(`${origin}/`, { method })).status).toBe(answer().status);
  });

  it('is bound to the label under which the request was signed', async () => {
    const origin = await startServer({ scheme: rfc9421({ label: 'sig2' }) });
    const labelled = createSigner({ accessKey, secret, scheme: rfc9421({ label: 'sig2' }) });
    expect((await countersignedFetch(labelled)(`${origin}/`)).status).toBe(200);
  });

  it('is a refusal too, once the caller is proved', async () => {
    const origin = await startServer({ clock: () => Date.now() + 900_000 });
    const response = await countersignedFetch(signer)(`${origin}/`);
    expect(await response.json()).toMatchObject({ code: 'stale_timestamp' });
    expect(response.headers.get('accept-signature')).toMatch(/^sig1=/);
  });
});

/** Has every answer changed on its way. */
function through(change: (response: Response, body: string) => Response): typeof fetch {
  return async (...given) => {
    const response = await fetch(...given);
    return change(response, await response.clone().text());
  };
}
const withHeaders = (response: Response, body: string, changed: Record<string, string | null>): Response => {
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(changed)) value === null ? headers.delete(name) : headers.set(name, value);
  return new Response(body, { status: response.status, headers });
};

describe('an answer that was changed', () => {
  it.each<[what: string, change: (response: Response, body: string) => Response, code: string]>([
    ['status', ({ headers }, body) => new Response(body, { status: 201, headers }), 'response_mismatch'],
    ['body', ({ headers }) => new Response('{"bytes":3}', { headers }), 'response_mismatch'],
    ['absent body', ({ headers }) => new Response(null, { headers }), 'response_mismatch'],
    ['body with its digest', (r) => withHeaders(r, 'x', { 'unencoded-digest': digestOf('x') }), 'response_mismatch'],
    ['content type', (r, body) => withHeaders(r, body, { 'content-type': 'text/html' }), 'response_mismatch'],
    ['absent content type', (r, body) => withHeaders(r, body, { 'content-type': null }), 'response_mismatch'],
    [
      'absent signature',
      (r, body) => withHeaders(r, body, { signature: null, 'signature-input': null }),
      'response_unsigned',
    ],
    ['label', (r, body) => withHeaders(r, body, { signature: 'x=:AAAA:' }), 'response_unsigned'],
  ])('in its %s is refused', async (_, change, code) => {
    const origin = await startServer();
    const send = countersignedFetch(signer, { fetch: through(change) });

    await expect(send(`${origin}/`)).rejects.toMatchObject({ code });
  });

  it.each([
    ['content-range', 'bytes 0-1/4'],
    ['location', '/v1/orders/7'],
  ])('in its %s is refused', async (name, value) => {
    const origin = await startServer({}, () => Response.json({}, { headers: { [name]: value } }));
    const codeAfter = (changed: Record<string, string | null>) =>
      countersignedFetch(signer, { fetch: through((r, body) => withHeaders(r, body, changed)) })(`${origin}/`).then(
        ({ headers }) => headers.get(name),
        ({ code }) => code,
      );
    expect(await codeAfter({})).toBe(value);
    expect(await codeAfter({ [name]: `${value}0` })).toBe('response_mismatch');
    expect(await codeAfter({ [name]: null })).toBe('response_unsigned');
    const other = name === 'location' ? 'content-range' : 'location';
    expect(await codeAfter({ [other]: '/' })).toBe('response_unsigned');
  });

  it('into that to another request is refused', async () => {
    const origin = await startServer();
    let first: Response | undefined;
    const replaying: typeof fetch = async (...given) => {
      const response = await fetch(...given);
      first ??= response.clone();
      return first.clone();
    };
    const send = countersignedFetch(signer, { fetch: replaying });
    expect((await send(`${origin}/`)).status).toBe(200);
    await expect(send(`${origin}/`)).rejects.toMatchObject({ code: 'response_mismatch' });
  });
});

describe('an answer that is signed rightly', () => {
  const body = '{"a":1}';
  type Line = [identifier: string, value: string];
  const lines = (signature: string): Line[] => [
    ['"@status"', '200'],
    ['"content-type"', 'application/json'],
    ['"content-digest"', digestOf(body)],
    ['"signature";req;key="sig1"', signature],
  ];

  /** As another implementation makes it: with what RFC 9421 section 2.4 has, by hand. */
  async function answered(keep: (line: Line) => boolean, parameters = ';created=1;keyid="shop"'): Promise<Response> {
    const fetch: typeof globalThis.fetch = async (...given) => {
      const signature = new Request(...given).headers.get('signature')?.replace('sig1=', '') ?? '';
      const kept = lines(signature).filter(keep);
      const text = `(${kept.map(([identifier]) => identifier).join(' ')})${parameters}`;
      const base = [...kept, ['"@signature-params"', text]].map((line) => line.join(': ')).join('\n');
      const headers = {
        'content-type': 'application/json',
        'content-digest': digestOf(body),
        'signature-input': `answer=${text}`,
        signature: `answer=:${createHmac('sha256', secret).update(base).digest('base64')}:`,
      };
      return new Response(body, { headers });
    };
    return countersignedFetch(signer, { fetch })('https://api.example.com/');
  }

  it('by another implementation, with Content-Digest and a label of its own, is believed', async () => {
    expect(await (await answered(() => true)).text()).toBe(body);
  });

  it.each<[what: string, code: string]>([
    ['"@status"', 'response_unsigned'],
    ['"content-type"', 'response_unsigned'],
    ['"signature";req;key="sig1"', 'response_unsigned'],
    ['"content-digest"', 'response_mismatch'],
  ])('but does not cover %s is refused', async (identifier, code) => {
    await expect(answered(([one]) => one !== identifier)).rejects.toMatchObject({ code });
  });

  it.each([';keyid="shop"', ';created=1.5', ';created="1"', ';created=1;alg=hmac-sha256'])(
    'but has the parameters %s is refused',
    async (parameters) => {
      await expect(answered(() => true, parameters)).rejects.toMatchObject({ code: 'response_unsigned' });
    },
  );

  it('but names another algorithm is refused', async () => {
    await expect(answered(() => true, ';created=1;alg="ed25519"')).rejects.toMatchObject({ code: 'response_mismatch' });
  });
});
