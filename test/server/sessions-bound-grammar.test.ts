import { generateCredentials, issueBoundSession } from 'countersign';
import { describe, expect, it } from 'vitest';
import { parseSessionKey } from '../../src/core/session/access-key.ts';
import { boundKey, boundRig, claimsFor, newPair } from './bound-rig.ts';
import { outcomeOf, received } from './rig.ts';
import { encoded, plain } from './session-rig.ts';

const pair = await newPair('Ed25519');
const parent = { accessKey: 'shop', secret: 'a secret of 16 bytes' };
const honest = boundKey(parent, claimsFor(pair));
const claims = encoded(claimsFor(pair));
const tag = honest.slice(honest.lastIndexOf('.') + 1);
const malformed = expect.objectContaining({ code: 'malformed_field' });

describe('the access key of a bound session', () => {
  it('is read as it is written', () => {
    expect(parseSessionKey(honest)).toMatchObject({
      parent: 'shop',
      accessKeys: [honest],
      links: [claimsFor(pair)],
      binding: { tagged: `shop~p1.${claims}`, publicKey: new Uint8Array(Buffer.from(pair.k, 'base64url')) },
    });
  });

  const chain = `~s1.${encoded(plain)}`;
  it.each<[string, string]>([
    ['without a tag', `shop~p1.${claims}`],
    ['with an empty tag', `shop~p1.${claims}.`],
    ['without claims', `shop~p1..${tag}`],
    ['with nothing but its mark', 'shop~p1.'],
    ['with a tag cut short', honest.slice(0, -1)],
    ['with a tag too long', `${honest}A`],
    ['with padding', `${honest}=`],
    ['with spare bits in its tag', honest.replace(/.$/, (last) => String.fromCharCode(last.charCodeAt(0) + 1))],
    ['with claims cut short', `shop~p1.${claims.slice(0, -1)}.${tag}`],
    ['with two tags', `${honest}.${tag}`],
    ['with a link after it', `${honest}~${encoded(plain)}`],
    ['with a session after it', `${honest}${chain}`],
    ['with a bound session after it', `${honest}~p1.${claims}.${tag}`],
    ['after a session', `shop${chain}~p1.${claims}.${tag}`],
    ['in a chain', `shop~s1.${claims}`],
    ['as a later link', `shop${chain}~${claims}`],
    ['without a key', boundKey(parent, plain)],
    ['without a parent', honest.slice('shop'.length)],
    ['with a parent too long', `${'s'.repeat(513)}${honest.slice('shop'.length)}`],
    [
      'with more than 1024 characters',
      boundKey(parent, claimsFor(pair, { u: 'u'.repeat(128), p: [`/${'p'.repeat(600)}`] })),
    ],
  ])('is malformed %s', (_, accessKey) => {
    expect(() => parseSessionKey(accessKey)).toThrow(malformed);
  });

  it.each<[string, string]>([
    ['white space', JSON.stringify(claimsFor(pair)).replace(',', ', ')],
    ['the key first', JSON.stringify({ k: pair.k, ...plain })],
    ['the key twice', JSON.stringify(claimsFor(pair)).replace('"k"', `"k":"${pair.k}","k"`)],
    ['an unknown key', JSON.stringify({ ...claimsFor(pair), x: 1 })],
    ['an escape', JSON.stringify(claimsFor(pair)).replace('"k":"', '"k":"\\u0041')],
  ])('has one spelling of its claims, not %s', (_, text) => {
    expect(() => parseSessionKey(boundKey(parent, text))).toThrow(malformed);
  });

  it('is refused malformed before a look-up, also by requests', async () => {
    let asked = 0;
    const at = boundRig({ keys: { find: () => void asked++ } });
    const parts = await at.sign(honest, pair.privateKey);
    for (const accessKey of [honest.slice(0, -1), `${honest}${chain}`, honest.slice(0, 150)]) {
      const input = parts.headers['signature-input']?.replace(honest, accessKey) ?? '';
      const changed = { ...parts, headers: { ...parts.headers, 'signature-input': input } };
      expect(outcomeOf(await at.verifier.verify(received(changed))), input).toBe('malformed_field');
    }
    expect(asked).toBe(0);
    expect(outcomeOf(await at.verifier.verify(received(parts)))).toBe('unknown_key');
    expect(asked).toBe(1);
  });
});

// The field and the curve of Ed25519, RFC 8032 section 5.1, to find the points of small order without a list.
const p = 2n ** 255n - 19n;
const power = (base: bigint, exponent: bigint): bigint => {
  let [result, square, rest] = [1n, base % p, exponent];
  for (; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % p;
    square = (square * square) % p;
  }
  return result;
};
const mod = (value: bigint): bigint => ((value % p) + p) % p;
const d = mod(-121665n * power(121666n, p - 2n));
type Point = { readonly x: bigint; readonly y: bigint };
const add = (a: Point, b: Point): Point => {
  const product = mod(d * a.x * b.x * a.y * b.y);
  return {
    x: mod((a.x * b.y + b.x * a.y) * power(1n + product, p - 2n)),
    y: mod((a.y * b.y + a.x * b.x) * power(mod(1n - product), p - 2n)),
  };
};
const recover = (y: bigint): Point | undefined => {
  const square = mod((y * y - 1n) * power(mod(d * y * y + 1n), p - 2n));
  let x = power(square, (p + 3n) / 8n);
  if (mod(x * x) !== square) x = mod(x * power(2n, (p - 1n) / 4n));
  return mod(x * x) === square ? { x, y } : undefined;
};
const spelled = (y: bigint, sign: bigint): string => {
  const bytes = Buffer.from((y | (sign << 255n)).toString(16).padStart(64, '0'), 'hex').reverse();
  return bytes.toString('base64url');
};
/** All points of order 1, 2, 4 and 8: a point times the order of the base point has such an order. */
function torsion(): readonly Point[] {
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  for (let y = 2n; ; y++) {
    const point = recover(y);
    if (!point) continue;
    let found: Point = { x: 0n, y: 1n };
    for (let bit = 252n; bit >= 0n; bit--) {
      found = add(found, found);
      if ((order >> bit) & 1n) found = add(found, point);
    }
    const all = [{ x: 0n, y: 1n }];
    for (let next = found; next.y !== 1n || next.x !== 0n; next = add(next, found)) all.push(next);
    if (all.length === 8) return all;
  }
}

describe('the public key of a bound session', () => {
  const bytesOf = (key: string) => Buffer.from(key, 'base64url');
  const withLength = (length: number) => Buffer.alloc(length, 4).toString('base64url');

  it('is no Ed25519 point of small order, in no spelling', () => {
    const points = torsion();
    expect(new Set(points.map(({ y }) => y)).size).toBe(5);
    for (const { y } of points) {
      for (const other of [y, y + p].filter((value) => value < 2n ** 255n)) {
        for (const sign of [0n, 1n]) {
          const k = spelled(other, sign);
          expect(() => parseSessionKey(boundKey(parent, { ...plain, k })), k).toThrow(malformed);
          expect(() => issueBoundSession(generateCredentials(), { expiresIn: 60, publicKey: k })).toThrow(
            expect.objectContaining({ code: 'invalid_configuration' }),
          );
        }
      }
    }
  });

  it('has one spelling of its point', () => {
    for (let y = 2n; y < 19n; y++) {
      expect(() => parseSessionKey(boundKey(parent, { ...plain, k: spelled(y + p, 0n) }))).toThrow(malformed);
      expect(parseSessionKey(boundKey(parent, { ...plain, k: spelled(y, 0n) }))).toBeDefined();
    }
  });

  it.each<[string, unknown]>([
    ['31 bytes', withLength(31)],
    ['33 bytes', withLength(33)],
    ['64 bytes', withLength(64)],
    ['66 bytes', withLength(66)],
    ['97 bytes, as of P-384', withLength(97)],
    ['a compressed point', Buffer.concat([Buffer.from([2]), Buffer.alloc(32, 1)]).toString('base64url')],
    ['65 bytes of another form', Buffer.alloc(65, 5).toString('base64url')],
    ['padding', `${pair.k}=`],
    ['the alphabet of base64', bytesOf('_'.repeat(42).concat('8')).toString('base64').replace('=', '')],
    ['spare bits', `${pair.k.slice(0, -1)}${String.fromCharCode(pair.k.charCodeAt(42) + 1)}`],
    ['a number', 7],
    ['null', null],
    ['a list', [pair.k]],
  ])('is not %s', (_, k) => {
    expect(() => parseSessionKey(boundKey(parent, { ...plain, k }))).toThrow(malformed);
    const options = { expiresIn: 60, publicKey: k as string };
    expect(() => issueBoundSession(generateCredentials(), options)).toThrow(
      expect.objectContaining({ code: 'invalid_configuration' }),
    );
  });

  it('is refused if its point is not on the curve, though the tag is right', async () => {
    const at = boundRig();
    const own = await newPair('P-256');
    for (const k of [Buffer.alloc(65, 4), Buffer.concat([Buffer.from([4]), Buffer.alloc(64)])]) {
      const invalid = boundKey(at.parent, { ...plain, k: k.toString('base64url') });
      expect(await at.outcome(invalid, own.privateKey)).toBe('signature_mismatch');
    }
    const twisted = Buffer.from(own.k, 'base64url');
    twisted[64] = (twisted[64] ?? 0) ^ 1;
    const invalid = boundKey(at.parent, { ...plain, k: twisted.toString('base64url') });
    expect(await at.outcome(invalid, own.privateKey)).toBe('signature_mismatch');
  });
});
