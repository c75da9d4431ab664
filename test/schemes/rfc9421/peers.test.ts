import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto';
import { fetch as helloFetch, verify as helloVerify } from '@hellocoop/httpsig';
import { createSigner, prepareRequest } from 'countersign';
import { rfc9421 } from 'countersign/schemes';
import { createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
import fc from 'fast-check';
import { createSignatureSync, verifySignature } from 'http-message-sig';
import { httpbis, createSigner as theirSigner, createVerifier as theirVerifier } from 'http-message-signatures';
import { describe, expect, it } from 'vitest';
import { escapePercents } from '../../../src/core/address.ts';
import { utf8 } from '../../../src/core/encoding.ts';
import { toMessage } from '../../../src/core/message.ts';
import { createRfc9421Key } from '../../../src/schemes/rfc9421/algorithms.ts';
import { parseComponents } from '../../../src/schemes/rfc9421/components.ts';
import { listSignatures } from '../../../src/schemes/rfc9421/fields.ts';
import { signatureBase } from '../../../src/schemes/rfc9421/signature-base.ts';
import { createResolver } from '../../../src/schemes/rfc9421/values.ts';
import { digestOf } from '../../server/rig.ts';

const accessKey = 'shop';
const secret = 's'.repeat(32);
const derived = ['@method', '@authority', '@path', '@query', '@target-uri', '@request-target', '@scheme'];
const components = [...derived, 'content-type', 'content-digest', 'x-a', 'x-dict;key="a"'];
const scheme = rfc9421({ components });
const signer = createSigner({ accessKey, secret, scheme });

const letters = fc
  .string({ unit: fc.constantFrom(...'aZ09-._~!$&\'()*+,;=:@/?%é "'), maxLength: 12 })
  .map(escapePercents);
/** Requests as fetch sends them: the URL as the platform serialises it. */
const requests = fc
  .record({
    method: fc.constantFrom('POST', 'PUT', 'PATCH'),
    host: fc.constantFrom('https://api.example.com', 'http://API.example.com:8080', 'https://api.example.com:443'),
    path: letters,
    query: fc.option(letters, { nil: undefined }),
    body: fc.string({ minLength: 1, maxLength: 20 }),
    header: fc
      .string({ unit: fc.constantFrom(...'ab ,;="\\'), minLength: 1, maxLength: 8 })
      .filter((text) => !!text.trim()),
    member: fc.constantFrom('1', '"x"', 'tok;p=1', '(1 2);q', ':YQ==:', '?0'),
  })
  .filter(({ host, path, query }) => URL.canParse(urlOf(host, path, query)))
  .map(({ host, path, query, header, member, ...rest }) => ({
    ...rest,
    url: new URL(urlOf(host, path, query)).href,
    headers: {
      'content-type': 'text/plain',
      'content-digest': digestOf(rest.body),
      'x-a': header.trim(),
      'x-dict': `b=2,  a=${member}`,
    } as Record<string, string>,
  }));
type Described = typeof requests extends fc.Arbitrary<infer Value> ? Value : never;

function urlOf(host: string, path: string, query: string | undefined): string {
  return `${host}/${path.replace(/[?#]/g, '')}${query === undefined ? '' : `?${query}`}`;
}

/** With the headers of our signature. */
const ours = (described: Described): Record<string, string> => ({
  ...described.headers,
  ...lower(prepareRequest(signer, described).headers),
});
const lower = (headers: Record<string, string>) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

async function accepts({ method, url, body }: Described, headers: Record<string, string>): Promise<string> {
  const verifier = createVerifier({
    scheme,
    keys: memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }]),
    replay: memoryReplay(),
  });
  const result = await verifier.verify(new Request(url, { method, body, headers: lower(headers) }));
  return result.ok ? 'ok' : `${result.error.code}: ${result.error.message}`;
}

const runs = { numRuns: 60 };
const parameters = ['created', 'keyid', 'alg', 'nonce'];

describe('http-message-signatures', () => {
  // Of an empty query with its ? it sees none, in @request-target.
  const theirs = requests.filter(({ url }) => !url.endsWith('?'));
  const fields = components.map((one) => (one.includes(';') ? `"${one.replace(';', '";')}` : one));

  it('accepts what we sign', async () => {
    const key = { id: accessKey, algs: ['hmac-sha256'], verify: theirVerifier(secret, 'hmac-sha256') };
    const rules = { keyLookup: async () => key, requiredParams: parameters, requiredFields: derived, tolerance: 5 };
    await fc.assert(
      fc.asyncProperty(theirs, async (described) => {
        const { method, url } = described;
        expect(await httpbis.verifyMessage(rules, { method, url, headers: ours(described) })).toBe(true);
      }),
      runs,
    );
  });

  it('signs what we accept', async () => {
    const key = theirSigner(secret, 'hmac-sha256', accessKey);
    await fc.assert(
      fc.asyncProperty(theirs, async (described) => {
        const config = { key, fields, params: parameters, paramValues: { nonce: randomUUID() } };
        const { headers } = await httpbis.signMessage(config, described);
        expect(await accepts(described, headers as Record<string, string>)).toBe('ok');
      }),
      runs,
    );
  });
});

describe('http-message-sig', () => {
  const algorithm = 'hmac-sha256';
  const mac = (data: Uint8Array): Uint8Array => createHmac('sha256', secret).update(data).digest();
  const describeTo = ({ method, url }: Described, headers: Record<string, string>) => ({
    kind: 'request' as const,
    method,
    targetUri: url,
    requestTarget: url.replace(/^\w+:\/\/[^/]*/, ''),
    fields: Object.entries(headers).map(([name, value]) => ({ name, value })),
  });
  const named = components.map((one) =>
    one.includes(';key') ? { name: one.replace(/;.*/, ''), parameters: { key: 'a' } } : one,
  );

  it('accepts what we sign', async () => {
    const policy = {
      algorithms: [algorithm],
      requiredComponents: derived,
      requiredParameters: parameters as never,
      maxAge: 300,
      clockSkew: 5,
    };
    const verifier = { algorithm, verify: (data: Uint8Array, tag: Uint8Array) => timingSafeEqual(mac(data), tag) };
    await fc.assert(
      fc.asyncProperty(requests, async (described) => {
        const told = describeTo(described, ours(described));
        expect(await verifySignature(told, { policy, resolveVerifier: () => verifier })).toMatchObject({
          label: 'sig1',
        });
      }),
      runs,
    );
  });

  it('signs what we accept', async () => {
    await fc.assert(
      fc.asyncProperty(requests, async (described) => {
        const made = createSignatureSync(describeTo(described, described.headers), {
          components: named as never,
          parameters: { created: Math.floor(Date.now() / 1000), keyid: accessKey, nonce: randomUUID() },
          signer: { algorithm, sign: mac },
        });
        const headers = { ...described.headers, signature: made.signature, 'signature-input': made.signatureInput };
        expect(await accepts(described, headers)).toBe('ok');
      }),
      runs,
    );
  });
});

describe('@hellocoop/httpsig', async () => {
  type Pair = { readonly publicKey: typeof CryptoKey.prototype; readonly privateKey: typeof CryptoKey.prototype };
  const pair = (await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])) as Pair;
  const jwk = { ...(await crypto.subtle.exportKey('jwk', pair.privateKey)), alg: 'Ed25519' };
  const covered = ['@method', '@authority', '@path', '@query', 'content-type', 'content-digest', 'signature-key'];
  // Where it signs a query, it leaves out the ? that RFC 9421 section 2.2.7 has.
  const withoutQuery = covered.filter((name) => name !== '@query');

  it('accepts what we sign', async () => {
    const signer = createSigner({ accessKey, secret: pair.privateKey, scheme: rfc9421({ components: covered }) });
    await fc.assert(
      fc.asyncProperty(requests, async ({ method, url, body }) => {
        const headers = { 'signature-key': `sig1=hwk;alg="Ed25519";kty="OKP";crv="Ed25519";x="${jwk.x}"` };
        const signed = await signer.sign(new Request(url, { method, body, headers }));
        const { host, pathname, search } = new URL(url);
        const told = { method, authority: host, path: pathname, query: search || '?', headers: signed.headers, body };
        const result = await helloVerify(told, { requireContentDigest: true });
        expect(result.error).toBeUndefined();
        expect(result.verified).toBe(true);
      }),
      runs,
    );
  });

  it('signs what has the same base and a signature of the same key here, but no keyid', async () => {
    const key = createRfc9421Key(pair.publicKey);
    await fc.assert(
      fc.asyncProperty(requests, async ({ method, url, body }) => {
        const { headers } = (await helloFetch(url, {
          method,
          body,
          headers: { 'content-type': 'text/plain' },
          signingKey: jwk,
          signatureKey: { type: 'hwk' },
          components: withoutQuery,
          dryRun: true,
        })) as { headers: Headers };
        const [found] = listSignatures(headers);
        if (!found) throw new Error('There is no signature.');
        const request = toMessage({ method, url }, headers);
        const base = signatureBase(createResolver({ request }), {
          components: parseComponents(found.items),
          text: found.text,
        });
        expect(await key.verify(utf8(base), found.signature)).toBe(true);
        const { read } = rfc9421({ components: withoutQuery, nonce: false });
        expect(() => read(request)).toThrow(/keyid/);
      }),
      runs,
    );
  });
});
