import { createECDH, createHmac, createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { now, parent } from './session-cases.ts';
import type { BoundCase, BoundRequestCase, MalformedCase } from './session-format.ts';

type Claims = Readonly<Record<string, unknown>>;

const base64url = (given: string | Buffer): string => Buffer.from(given).toString('base64url');

// Made by nobody: bytes that count.
const seed = Buffer.from(Array.from({ length: 32 }, (_, i) => i));
const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
const edKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
const edPublic = edKey.export({ format: 'jwk' }).x ?? '';

const curve = createECDH('prime256v1');
curve.setPrivateKey(Buffer.from(Array.from({ length: 32 }, (_, i) => i + 1)));
const ecPublic = base64url(curve.getPublicKey());

const otherSeed = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.from(seed).reverse()]);
const otherKey = createPrivateKey({ key: otherSeed, format: 'der', type: 'pkcs8' });
const otherPublic = otherKey.export({ format: 'jwk' }).x ?? '';

const first: Claims = { i: 'AAECAwQFBgcICQoL', e: now + 900, b: now };
const ed: Claims = { ...first, k: edPublic };

/** Tagged with the HMAC of Node, not with the package's. */
const tagOf = (tagged: string, secret = parent.secret): string =>
  createHmac('sha256', secret).update(`countersign-session1-bound\n${tagged}`).digest('base64url');

const taggedOf = (claims: Claims, accessKey = parent.accessKey): string =>
  `${accessKey}~p1.${base64url(JSON.stringify(claims))}`;

const keyOf = (claims: Claims, of = parent): string => {
  const tagged = taggedOf(claims, of.accessKey);
  return `${tagged}.${tagOf(tagged, of.secret)}`;
};

const bind = (name: string, claims: Claims, of = parent): BoundCase => ({
  name,
  parent: of,
  claims: JSON.stringify(claims),
  accessKey: keyOf(claims, of),
});

export const bound: readonly BoundCase[] = [
  bind('ed25519', ed),
  bind('p-256', { ...first, k: ecPublic }),
  bind('everything', {
    ...first,
    u: 'user-7',
    s: ['orders:read'],
    m: ['GET'],
    p: ['/v1'],
    o: ['https://app.example.com'],
    k: edPublic,
  }),
  bind('secret-beyond-ascii', ed, { accessKey: 'caf.e~1', secret: 'geheim \u00fcber 16 Bytes' }),
];

const honest = keyOf(ed);
const tag = honest.slice(honest.lastIndexOf('.') + 1);
const malformedKey = (name: string, rule: string, accessKey: string): MalformedCase => ({
  name: `bound-${name}`,
  rule,
  accessKey,
});
const link = base64url(JSON.stringify(first));

export const malformedBound: readonly MalformedCase[] = [
  malformedKey('without-tag', 'claims, a dot and a tag', taggedOf(ed)),
  malformedKey('empty-tag', 'a tag of 43 characters of base64url', `${taggedOf(ed)}.`),
  malformedKey('short-tag', 'a tag of 43 characters of base64url', honest.slice(0, -1)),
  malformedKey('long-tag', 'a tag of 43 characters of base64url', `${honest}A`),
  malformedKey(
    'spare-bits-in-tag',
    'base64url with spare bits of zero (RFC 4648 section 3.5)',
    honest.replace(/.$/, (last) => String.fromCharCode(last.charCodeAt(0) + 1)),
  ),
  malformedKey('two-tags', 'one tag', `${honest}.${tag}`),
  malformedKey('link', 'no further link', `${honest}~${link}`),
  malformedKey('session', 'no session of it', `${honest}~s1.${link}`),
  malformedKey('of-session', 'not issued by a session', `shop~s1.${link}~p1.${honest.slice('shop~p1.'.length)}`),
  malformedKey('without-key', 'a public key', keyOf(first)),
  malformedKey('key-first', 'keys in the order i, e, b, u, s, m, p, o, k', keyOf({ k: edPublic, ...first })),
  malformedKey('key-in-a-session', 'a public key in bound sessions alone', `shop~s1.${base64url(JSON.stringify(ed))}`),
  malformedKey('short-key', '32 or 65 bytes', keyOf({ ...first, k: base64url(seed.subarray(1)) })),
  malformedKey('compressed-key', 'an uncompressed point', keyOf({ ...first, k: base64url(Buffer.alloc(33, 2)) })),
  malformedKey('hybrid-key', 'an uncompressed point', keyOf({ ...first, k: base64url(Buffer.alloc(65, 6)) })),
  malformedKey('key-of-small-order', 'no point of small order', keyOf({ ...first, k: base64url(Buffer.alloc(32)) })),
  malformedKey(
    'identity-as-key',
    'no point of small order',
    keyOf({ ...first, k: base64url(Buffer.from(`01${'00'.repeat(31)}`, 'hex')) }),
  ),
  malformedKey(
    'key-beyond-the-field',
    'y less than 2^255 - 19 (RFC 8032 section 5.1.3)',
    keyOf({ ...first, k: base64url(Buffer.from(`f0${'ff'.repeat(30)}7f`, 'hex')) }),
  ),
  malformedKey('key-with-padding', 'base64url without padding', keyOf({ ...first, k: `${edPublic}=` })),
];

type Asked = { readonly at?: number; readonly method?: string; readonly alg?: string };

/** The signature base of RFC 9421 section 2.5. */
function baseOf(keyid: string, { at = now, method = 'GET', alg = 'ed25519' }: Asked) {
  const input = `("@method" "@authority" "@path" "@query");created=${at};keyid="${keyid}";alg="${alg}";nonce="0123456789abcdef"`;
  const lines = ['"@method": ', method, '\n"@authority": api.example.com\n"@path": /v1/orders\n"@query": ?a=1\n'];
  return { input, base: `${lines.join('')}"@signature-params": ${input}` };
}

type Sign = (base: string) => Buffer;
const byKey =
  (key: KeyObject): Sign =>
  (base) =>
    sign(null, Buffer.from(base), key);
const byHmac =
  (secret: string | Buffer): Sign =>
  (base) =>
    createHmac('sha256', secret).update(base).digest();
/** ECDSA draws a random number, so this was made once. */
const once =
  (signature: string): Sign =>
  () =>
    Buffer.from(signature, 'base64');

type Case = Asked & { readonly accessKey: string; readonly signs: Sign; readonly outcome: string };

function ask(name: string, { accessKey, signs, outcome, ...asked }: Case): BoundRequestCase {
  const { input, base } = baseOf(accessKey, asked);
  const signature = signs(base).toString('base64');
  const { at = now, method = 'GET' } = asked;
  return {
    name,
    accessKey,
    now: at,
    method,
    target: '/v1/orders?a=1',
    signatureInput: input,
    base,
    signature,
    outcome,
  };
}

const refused = 'signature_mismatch';
const own = byKey(edKey);
const other = byKey(otherKey);
const ec = keyOf({ ...first, k: ecPublic });
const ecSignature = 'svhAN0UeMbCZxogJs16CR0Hf/60TpQRkEui3Keolxw8u1ZGAFB/UHgmdHBJvYh5JVmYlY8dATZSYKDNTujUFww==';
const withTagOf = (claims: Claims, accessKey: string): string =>
  taggedOf(claims) + accessKey.slice(accessKey.lastIndexOf('.'));
const sessionSecret = (accessKey: string): string =>
  createHmac('sha256', parent.secret).update(`countersign-session1\n${accessKey}`).digest('base64url');

export const boundRequests: readonly BoundRequestCase[] = [
  ask('bound-ed25519', { accessKey: honest, signs: own, outcome: 'ok' }),
  ask('bound-p-256', { accessKey: ec, signs: once(ecSignature), alg: 'ecdsa-p256-sha256', outcome: 'ok' }),
  ask('bound-another-key-signs', { accessKey: honest, signs: other, outcome: refused }),
  ask('bound-key-exchanged', {
    accessKey: withTagOf({ ...first, k: otherPublic }, honest),
    signs: other,
    outcome: refused,
  }),
  ask('bound-claims-changed', { accessKey: withTagOf({ ...ed, e: now + 901 }, honest), signs: own, outcome: refused }),
  ask('bound-tag-of-another-session', { accessKey: withTagOf(ed, ec), signs: own, outcome: refused }),
  ask('bound-tag-of-another-secret', {
    accessKey: keyOf(ed, { ...parent, secret: 'another secret, 32 bytes long...' }),
    signs: own,
    outcome: refused,
  }),
  ask('bound-tag-by-the-public-key', {
    accessKey: keyOf(ed, { ...parent, secret: edPublic }),
    signs: own,
    outcome: refused,
  }),
  ask('bound-tag-that-is-the-secret-of-a-session', {
    accessKey: `${taggedOf(ed)}.${sessionSecret(taggedOf(ed))}`,
    signs: own,
    outcome: refused,
  }),
  ask('bound-tag-of-another-parent', {
    accessKey: withTagOf(ed, keyOf(ed, { ...parent, accessKey: 'other' })),
    signs: own,
    outcome: refused,
  }),
  ask('bound-hmac-by-the-public-key', {
    accessKey: honest,
    signs: byHmac(Buffer.from(edPublic, 'base64url')),
    alg: 'hmac-sha256',
    outcome: refused,
  }),
  ask('bound-hmac-by-the-secret-of-the-parent', {
    accessKey: honest,
    signs: byHmac(parent.secret),
    alg: 'hmac-sha256',
    outcome: refused,
  }),
  ask('bound-hmac-by-the-secret-of-a-session', {
    accessKey: honest,
    signs: byHmac(sessionSecret(honest)),
    alg: 'hmac-sha256',
    outcome: refused,
  }),
  ask('bound-another-algorithm-stated', { accessKey: honest, signs: own, alg: 'ecdsa-p256-sha256', outcome: refused }),
  ask('bound-p-256-not-on-the-curve', {
    accessKey: keyOf({ ...first, k: base64url(Buffer.concat([Buffer.from([4]), Buffer.alloc(64, 1)])) }),
    signs: once(ecSignature),
    alg: 'ecdsa-p256-sha256',
    outcome: refused,
  }),
  ask('bound-issued-in-the-future', { accessKey: honest, signs: own, at: now - 301, outcome: 'inactive_key' }),
  ask('bound-issued-within-tolerance', { accessKey: honest, signs: own, at: now - 300, outcome: 'ok' }),
  ask('bound-last-second', { accessKey: honest, signs: own, at: now + 899, outcome: 'ok' }),
  ask('bound-ended', { accessKey: honest, signs: own, at: now + 900, outcome: 'expired_key' }),
  ask('bound-another-method', {
    accessKey: keyOf({ ...first, m: ['GET'], k: edPublic }),
    signs: own,
    method: 'DELETE',
    outcome: 'session_not_allowed',
  }),
  ask('bound-life-too-long', {
    accessKey: keyOf({ ...ed, e: now + 86401 }),
    signs: own,
    outcome: 'session_not_allowed',
  }),
];
