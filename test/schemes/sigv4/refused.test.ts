import { createSigner, prepareRequest } from 'countersign';
import { presign, sigv4 } from 'countersign/schemes';
import { createVerifier, memoryKeys, memoryReplay, type VerifierOptions } from 'countersign/server';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { requestModifiers } from '../../../src/core/modifying-headers.ts';
import { outcomeOf, type Parts } from '../../server/rig.ts';
import { accessKey, secret, time } from './peers.ts';
import { verifierOf } from './rig.ts';

const scope = { region: 'us-east-1', service: 'execute-api' };
const host = 'api.example.com';
const clock = () => time;

async function judge({ headers, ...rest }: Parts, options: Partial<VerifierOptions> = {}): Promise<string> {
  const verifier = verifierOf(options.scheme ?? sigv4(scope), { clock, replay: memoryReplay({ clock }), ...options });
  const fields = new Map(Object.entries(headers));
  const view = { get: (name: string) => fields.get(name) ?? null, keys: () => fields.keys() };
  return outcomeOf(await verifier.verify({ ...rest, headers: view }));
}

const signer = createSigner({ accessKey, secret, clock, scheme: sigv4(scope) });
const target = '/v1/a%20b?x=1&y=2';
const type = { 'content-type': 'application/json', 'x-amz-target': 'Orders.Create' };
const body = new TextEncoder().encode('{"a":1}');
const signed: Parts = {
  method: 'POST',
  authority: host,
  target,
  scheme: 'https',
  headers: {
    ...type,
    ...prepareRequest(signer, { method: 'POST', url: `https://${host}${target}`, headers: type, body }).headers,
  },
  body,
};
const lowerCased = (headers: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
const authorization = signed.headers.authorization ?? '';
const withHeaders = (headers: Record<string, string>): Parts => ({
  ...signed,
  headers: { ...signed.headers, ...headers },
});
const withAuthorization = (from: string | RegExp, to: string) =>
  withHeaders({ authorization: authorization.replace(from, to) });
const without = (name: string): Parts => ({
  ...signed,
  headers: Object.fromEntries(Object.entries(signed.headers).filter(([one]) => one !== name)),
});

describe('A request signed by header', () => {
  it('is accepted as it was signed', async () => {
    expect(await judge(signed)).toBe('ok');
    expect(await judge({ ...signed, target: '/v1/a%20b?y=2&x=%31' })).toBe('ok');
  });

  it.each(['/v1//a%20b', '//v1/a%20b', '/v1/./a%20b', '/admin/../v1/a%20b', '/v1/a%20b/.', '/v1/a%20b/c/..'])(
    'is refused at %s, which is signed as the same path',
    async (path) => {
      expect(await judge({ ...signed, target: `${path}?x=1&y=2` })).toBe('malformed_field');
    },
  );

  it('is accepted with its parameters in another order, which is a finding', async () => {
    const url = `https://${host}/v1/a?to=1&to=2`;
    const parts = {
      ...signed,
      method: 'GET',
      body: undefined,
      headers: lowerCased(prepareRequest(signer, { url }).headers),
    };
    expect(await judge({ ...parts, target: '/v1/a?to=2&to=1' })).toBe('ok');
    for (const { findings = [] } of [sigv4(scope), presign(scope)]) {
      expect(findings).toContainEqual(expect.objectContaining({ code: 'query-unsigned', severity: 'low' }));
    }
  });

  it('is refused without the hash of its body, unless the verifier does without', async () => {
    const scheme = sigv4({ ...scope, payloadHeader: false });
    const bare = createSigner({ accessKey, secret, clock, scheme });
    const { headers } = prepareRequest(bare, { method: 'POST', url: `https://${host}${target}`, headers: type, body });
    const parts = { ...signed, headers: { ...type, ...lowerCased(headers) } };
    expect(await judge(parts)).toBe('malformed_field');
    expect(await judge(parts, { scheme })).toBe('ok');
  });

  it.each(requestModifiers)('has its %s covered, though nobody has named it', async (name) => {
    const headers = { ...type, [name]: '"a"' };
    const parts = { method: 'POST', url: `https://${host}${target}`, headers, body };
    const added = prepareRequest(signer, parts).headers;
    const whole: Parts = { ...signed, headers: { ...headers, ...added } };
    expect(await judge(whole)).toBe('ok');
    expect(await judge({ ...whole, headers: { ...whole.headers, [name]: '"b"' } })).toBe('signature_mismatch');
    expect(await judge({ ...whole, headers: { ...type, ...added } })).toBe('missing_header');
    expect(await judge(withHeaders({ [name]: '"a"' }))).toBe('insufficient_coverage');
  });

  it.each([
    ['another method', { ...signed, method: 'PUT' }],
    ['another host', { ...signed, authority: 'api.example.org' }],
    ['another path', { ...signed, target: '/v1/a%20c?x=1&y=2' }],
    ['an escaped slash', { ...signed, target: '/v1%2Fa%20b?x=1&y=2' }],
    ['one parameter more', { ...signed, target: `${target}&z` }],
    ['one parameter without a name more', { ...signed, target: `${target}&=z` }],
    ['one parameter less', { ...signed, target: '/v1/a%20b?x=1' }],
    ['another content type', withHeaders({ 'content-type': 'text/plain' })],
    ['another x-amz- header', withHeaders({ 'x-amz-target': 'Orders.Delete' })],
    ['another time', withHeaders({ 'x-amz-date': '20150830T123601Z' })],
    ['another hash', withHeaders({ 'x-amz-content-sha256': '0'.repeat(64) })],
    ['a body said to be unsigned', withHeaders({ 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' })],
    ['another access key', withAuthorization(accessKey, 'AKIDOTHER')],
    ['another signature', withAuthorization(/.$/, authorization.endsWith('0') ? '1' : '0')],
  ])('is refused with %s', async (_, parts) => {
    expect(await judge(parts)).toMatch(/^(signature_mismatch|unknown_key)$/);
  });

  it.each([
    ['another body', { ...signed, body: new TextEncoder().encode('{"a":2}') }, 'body_digest_mismatch'],
    ['no body', { ...signed, body: undefined }, 'body_digest_mismatch'],
    ['an x-amz- header that is not signed', withHeaders({ 'x-amz-acl': 'public-read' }), 'insufficient_coverage'],
    ['a token that is not signed', withHeaders({ 'x-amz-security-token': 'token' }), 'insufficient_coverage'],
    ['a signed header taken out', without('x-amz-target'), 'missing_header'],
    ['no time', without('x-amz-date'), 'malformed_field'],
    ['no Authorization', without('authorization'), 'missing_signature'],
    ['another kind of Authorization', withHeaders({ authorization: 'Bearer abc' }), 'missing_signature'],
    ['chunks', withHeaders({ 'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD' }), 'malformed_field'],
    ['a hash in capitals', withHeaders({ 'x-amz-content-sha256': 'A'.repeat(64) }), 'malformed_field'],
    ['a date that is none', withHeaders({ 'x-amz-date': '20150230T123600Z' }), 'malformed_field'],
    ['a date before 1970', withHeaders({ 'x-amz-date': '19500830T123600Z' }), 'malformed_field'],
    ['another day in the scope', withAuthorization('/20150830/', '/20150831/'), 'malformed_field'],
    ['another region', withAuthorization('us-east-1', 'us-east-2'), 'malformed_field'],
    ['another service', withAuthorization('execute-api', 's3'), 'malformed_field'],
    ['another end of the scope', withAuthorization('aws4_request', 'aws5_request'), 'malformed_field'],
    ['headers out of order', withAuthorization('content-type;host', 'host;content-type'), 'malformed_field'],
    ['a header named twice', withAuthorization('host;', 'host;host;'), 'malformed_field'],
    ['no host among the headers', withAuthorization('host;', ''), 'malformed_field'],
    ['no content type among the headers', withAuthorization('content-type;', ''), 'insufficient_coverage'],
    ['no time among the headers', withAuthorization('x-amz-date;', ''), 'insufficient_coverage'],
    ['a header name in capitals', withAuthorization('host;', 'Host;'), 'malformed_field'],
    ['two signatures', withAuthorization(/$/, `, Signature=${'0'.repeat(64)}`), 'malformed_field'],
    ['two Authorizations', withHeaders({ authorization: `${authorization}, ${authorization}` }), 'malformed_field'],
    ['a longer signature', withAuthorization(/$/, '00'), 'malformed_field'],
  ])('is refused with %s', async (_, parts, code) => {
    expect(await judge(parts)).toBe(code);
  });

  it('is refused before and after its time, and to the second time', async () => {
    expect(await judge(signed, { clock: () => time + 301_000 })).toBe('stale_timestamp');
    expect(await judge(signed, { clock: () => time - 301_000 })).toBe('future_timestamp');
    const replay = memoryReplay({ clock });
    expect(await judge(signed, { replay })).toBe('ok');
    expect(await judge(signed, { replay })).toBe('replayed_request');
    // What is equal to the canonical request is the same request.
    expect(await judge({ ...signed, target: '/v1/a%20b?y=2&x=1' }, { replay })).toBe('replayed_request');
  });

  it('is never accepted, and never fails in another way, whatever is put into its Authorization', async () => {
    const codes = ['malformed_field', 'missing_signature', 'signature_mismatch', 'unknown_key', 'missing_header'];
    const scrambled = fc
      .tuple(fc.nat(authorization.length), fc.nat(20), fc.string({ unit: 'binary-ascii', maxLength: 20 }))
      .map(([start, length, text]) => authorization.slice(0, start) + text + authorization.slice(start + length));
    await fc.assert(
      fc.asyncProperty(
        scrambled.filter((one) => one.replace(', ', ',').replace(', ', ',') !== authorization.replaceAll(', ', ',')),
        async (one) => {
          expect([...codes, 'insufficient_coverage']).toContain(await judge(withHeaders({ authorization: one })));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('is one of another access key where two have one secret, which is told', async () => {
    const keys = memoryKeys(
      [accessKey, 'OTHER'].map((one) => ({ accessKey: one, service: one, secrets: [{ secret }] })),
    );
    const credential = `Credential=${accessKey}/`;
    expect(await judge(withAuthorization(credential, 'Credential=OTHER/'), { keys })).toBe('ok');
    expect(sigv4(scope).findings).toContainEqual(
      expect.objectContaining({ code: 'access-key-unbound', severity: 'low' }),
    );
    const address = prepareRequest(createSigner({ accessKey, secret, clock, scheme: presign(scope) }), {
      url: `https://${host}/`,
    });
    const target = address.url.slice(`https://${host}`.length).replace(`=${accessKey}%2F`, '=OTHER%2F');
    const link: Parts = { method: 'GET', authority: host, scheme: 'https', target, headers: {} };
    expect(target).toContain('OTHER');
    expect(await judge(link, { keys, scheme: presign(scope) })).toBe('signature_mismatch');
  });

  it('is read in a time that grows with its length', async () => {
    const long = `${authorization}${' '.repeat(50_000)}${','.repeat(50_000)}`;
    expect(await judge(withHeaders({ authorization: long }))).toBe('malformed_field');
    const names = Array.from({ length: 5000 }, (_, i) => `a${String(i).padStart(5, '0')}`).join(';');
    expect(await judge(withAuthorization('host;', `host;${names};`))).toBe('malformed_field');
  });
});

describe('A presigned address', () => {
  const links = (more: { readonly reusable?: boolean; readonly expires?: number } = {}) =>
    presign({ ...scope, ...more });
  const address = prepareRequest(createSigner({ accessKey, secret, clock, scheme: links() }), {
    url: `https://${host}${target}`,
  });
  const link: Parts = {
    method: 'GET',
    authority: host,
    scheme: 'https',
    target: address.url.slice(`https://${host}`.length),
    headers: {},
  };
  const changed = (from: string | RegExp, to: string): Parts => ({ ...link, target: link.target.replace(from, to) });
  const scheme = links();

  it('is accepted once, at any time until it ends, and not after it or before', async () => {
    const replay = memoryReplay({ clock });
    expect(await judge(link, { scheme, replay, clock: () => time + 3_599_000 })).toBe('ok');
    expect(await judge(link, { scheme, replay, clock: () => time + 3_599_000 })).toBe('replayed_request');
    expect(await judge(link, { scheme, clock: () => time + 3_600_000 })).toBe('expired_signature');
    expect(await judge(link, { scheme, clock: () => time - 301_000 })).toBe('future_timestamp');
  });

  it('is accepted again and again where the provider has named it', async () => {
    const replay = memoryReplay({ clock });
    const reusable = links({ reusable: true });
    const options = { scheme: reusable, replay, acceptFindings: ['no-nonce'] } as const;
    expect(await judge(link, options)).toBe('ok');
    expect(await judge(link, options)).toBe('ok');
    const keys = memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }]);
    expect(() => createVerifier({ keys, replay, scheme: reusable })).toThrow(/no-nonce/);
    expect(() => createVerifier({ keys, replay, scheme: presign({ ...scope, service: 's3' }) })).toThrow(
      /body-unsigned/,
    );
  });

  it.each([
    ['a longer life', changed('X-Amz-Expires=3600', 'X-Amz-Expires=3601'), 'signature_mismatch'],
    ['another time', changed('T123600Z', 'T123601Z'), 'signature_mismatch'],
    ['another method', { ...link, method: 'DELETE' }, 'signature_mismatch'],
    ['one parameter more', changed('x=1', 'x=1&admin'), 'signature_mismatch'],
    ['a parameter after the signature', changed(/$/, '&admin'), 'signature_mismatch'],
    ['a body', { ...link, body: new Uint8Array([1]) }, 'signature_mismatch'],
    ['an x-amz- header', { ...link, headers: { 'x-amz-acl': 'public-read' } }, 'insufficient_coverage'],
    ['a life of more than a week', changed('X-Amz-Expires=3600', 'X-Amz-Expires=604801'), 'malformed_field'],
    ['a life of nothing', changed('X-Amz-Expires=3600', 'X-Amz-Expires=0'), 'malformed_field'],
    ['a life that is no number', changed('X-Amz-Expires=3600', 'X-Amz-Expires=NaN'), 'malformed_field'],
    ['another algorithm', changed('AWS4-HMAC-SHA256', 'AWS4-ECDSA-P256-SHA256'), 'malformed_field'],
    ['a parameter twice', changed(/$/, '&X-Amz-Expires=3600'), 'malformed_field'],
    ['a parameter twice in escapes', changed(/$/, '&X%2DAmz-Expires=3600'), 'malformed_field'],
    ['a scope of another region', changed('us-east-1', 'us-east-2'), 'malformed_field'],
    ['bytes that are no text', changed('X-Amz-SignedHeaders=host', 'X-Amz-SignedHeaders=%FF'), 'malformed_field'],
    ['no signature', changed(/&X-Amz-Signature=.*/, ''), 'missing_signature'],
    ['a signature in capitals', changed(/[\da-f]{64}$/, 'A'.repeat(64)), 'malformed_field'],
  ])('is refused with %s', async (_, parts, code) => {
    expect(await judge(parts, { scheme })).toBe(code);
  });

  it('is no signature by header, nor the other way round', async () => {
    const both = [sigv4(scope), scheme];
    const inQuery = new URLSearchParams(link.target.split('?')[1]);
    const moved: Parts = {
      ...changed(/&X-Amz-Signature=.*/, ''),
      headers: {
        'x-amz-date': inQuery.get('X-Amz-Date') ?? '',
        authorization: `AWS4-HMAC-SHA256 Credential=${inQuery.get('X-Amz-Credential')}, SignedHeaders=host, Signature=${inQuery.get('X-Amz-Signature')}`,
      },
    };
    expect(await judge(moved, { scheme: both })).toBe('insufficient_coverage');
    expect(await judge(link, { scheme: both })).toBe('ok');
  });
});

describe('A presigned address for a body', () => {
  const type = { 'content-type': 'application/json' };
  const address = (more: { readonly signedHeaders?: readonly string[] } = {}): Parts => {
    const links = createSigner({ accessKey, secret, clock, scheme: presign({ ...scope, ...more }) });
    const { url } = prepareRequest(links, { method: 'POST', url: `https://${host}/v1/orders`, headers: type, body });
    const at = url.slice(`https://${host}`.length);
    return { method: 'POST', authority: host, scheme: 'https', target: at, headers: type, body };
  };

  it('takes it with the content type that was signed, and with no other', async () => {
    const scheme = presign(scope);
    const other = { 'content-type': 'application/x-www-form-urlencoded' };
    expect(await judge(address(), { scheme })).toBe('ok');
    expect(await judge({ ...address(), headers: other }, { scheme })).toBe('signature_mismatch');
    expect(await judge({ ...address(), headers: {} }, { scheme })).toBe('missing_header');
    expect(await judge(address({ signedHeaders: [] }), { scheme })).toBe('insufficient_coverage');
  });

  it('leaves the type open where the scheme says so, which is told', async () => {
    const scheme = presign({ ...scope, signedHeaders: [] });
    const other = { ...address({ signedHeaders: [] }), headers: { 'content-type': 'text/plain' } };
    expect(await judge(other, { scheme })).toBe('ok');
    const told = { code: 'content-type-unsigned', severity: 'medium' };
    for (const open of [scheme, presign({ ...scope, service: 's3' }), sigv4({ ...scope, signedHeaders: [] })]) {
      expect(open.findings).toContainEqual(expect.objectContaining(told));
    }
    for (const sound of [presign(scope), sigv4(scope)]) {
      expect(sound.findings).not.toContainEqual(expect.objectContaining({ code: told.code }));
    }
  });
});
