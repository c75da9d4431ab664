import { concatBytes } from '../core/body.ts';
import { utf8 } from '../core/encoding.ts';
import type { SigningKey } from '../core/signing-key.ts';
import { digests } from '../schemes/define/digests.ts';
import { findMarker, type PlaceableKey, secretPlaceholder } from '../schemes/define/keyed-hash.ts';
import type { Difference } from './difference.ts';
import { sameBytes } from './variation.ts';

/** A key that makes signatures in another way than the scheme. */
export type OtherKey = { readonly key: SigningKey; readonly difference: Difference };

type Hash = (data: Uint8Array) => Uint8Array;
type Parts = readonly Uint8Array[];

/** The hash of an algorithm; SHA-256 for one without, such as that of a key pair. */
function hashOf(algorithm: string): {
  readonly name: string;
  readonly keyed: boolean;
  readonly hash: Hash;
  readonly block: number;
} {
  const keyed = digests.has(algorithm);
  const own = keyed ? algorithm : algorithm.replace(/^hmac-/, '');
  const name = digests.has(own) ? own : 'sha256';
  const hash = digests.get(name)?.of as Hash;
  return { name: names[name] ?? name, keyed, hash, block: /384|512/.test(name) ? 128 : 64 };
}

const names: Readonly<Record<string, string>> = {
  sha256: 'SHA-256',
  sha384: 'SHA-384',
  sha512: 'SHA-512',
  sha1: 'SHA-1',
  md5: 'MD5',
};

/** Lists the keys of callers that hash where the scheme has HMAC, or use HMAC where it hashes, or put the secret at another place. */
export function otherAlgorithms(algorithm: string, secret: string | Uint8Array): readonly OtherKey[] {
  const bytes = typeof secret === 'string' ? utf8(secret) : secret;
  return hashOf(algorithm).keyed ? listMacs(algorithm, bytes) : listHashes(algorithm, bytes);
}

/** The keys that hash the text alone, which everybody can do. */
export function bareHashes(algorithm: string): ReadonlyArray<{ readonly name: string; readonly key: SigningKey }> {
  const { name, hash } = hashOf(algorithm);
  return [{ name, key: createKey(algorithm, hash) }];
}

function createKey(algorithm: string, sign: Hash): SigningKey {
  return { algorithm, sign, verify: (data, signature) => sameBytes(sign(data), signature) };
}

/** Creates a key that is given what is before and behind the place of the secret. */
function createPlacedKey(algorithm: string, sign: (before: Uint8Array, after: Uint8Array) => Uint8Array): PlaceableKey {
  return {
    ...createKey(algorithm, (data) => sign(data.subarray(0, 0), data)),
    placed: (place) =>
      createKey(algorithm, (data) => {
        const at = findMarker(data, place);
        const end = at < 0 ? data.length : at + secretPlaceholder.length;
        return sign(data.subarray(0, at < 0 ? data.length : at), data.subarray(end));
      }),
  };
}

/** HMAC, RFC 2104. */
function hmacBy({ hash, block }: { readonly hash: Hash; readonly block: number }, key: Uint8Array): Hash {
  const short = key.length > block ? hash(key) : key;
  const pad = (byte: number) => new Uint8Array(block).map((_, i) => (short[i] ?? 0) ^ byte);
  return (data) => hash(concatBytes([pad(0x5c), hash(concatBytes([pad(0x36), data]))]));
}

/** What callers make of secret and string without HMAC. */
function listHashes(algorithm: string, secret: Uint8Array): readonly OtherKey[] {
  const own = hashOf(algorithm);
  const { name, hash } = own;
  const hashed = (of: string, parts: (text: Uint8Array) => Parts): OtherKey => ({
    key: createKey(algorithm, (text) => hash(concatBytes(parts(text)))),
    difference: {
      code: 'algorithm',
      message: `The caller signed with the ${name} of ${of}, without HMAC.`,
      remedy: `In the caller's code, use ${macName(name)} of a library, with the secret as the key: a hash of both can be extended.`,
      proven: true,
    },
  });
  const lineBreak = Uint8Array.of(10);
  return [
    {
      key: createKey(algorithm, (text) => hmacBy(own, text)(secret)),
      difference: describeMisplaced('as the message, with the string to sign as the key'),
    },
    hashed('the secret followed by the string to sign', (text) => [secret, text]),
    hashed('the string to sign followed by the secret', (text) => [text, secret]),
    hashed('the string to sign with the secret at both ends', (text) => [secret, text, secret]),
    hashed('the secret, a line break and the string to sign', (text) => [secret, lineBreak, text]),
    hashed('the string to sign, a line break and the secret', (text) => [text, lineBreak, secret]),
  ];
}

const macName = (name: string): string => `HMAC-${name.replace('SHA-', 'SHA')}`;

/** What callers make of a string that contains the secret: HMAC, or a hash with the secret at another place. */
function listMacs(algorithm: string, secret: Uint8Array): readonly OtherKey[] {
  const own = hashOf(algorithm);
  const { name, hash } = own;
  const mac = hmacBy(own, secret);
  const signed = (what: string, parts: (before: Uint8Array, after: Uint8Array) => Parts): OtherKey => ({
    key: createPlacedKey(algorithm, (before, after) => mac(concatBytes(parts(before, after)))),
    difference: {
      code: 'algorithm',
      message: `The caller signed with ${macName(name)} of the string to sign, ${what}.`,
      remedy: `In the caller's code, use ${name} without HMAC, of the string to sign with the secret where it has ${secretPlaceholder}.`,
      proven: true,
    },
  });
  const moved = (place: string, parts: (before: Uint8Array, after: Uint8Array) => Parts): OtherKey => ({
    key: createPlacedKey(algorithm, (before, after) => hash(concatBytes(parts(before, after)))),
    difference: describeMisplaced(`${place} the rest of the string to sign, not where it has ${secretPlaceholder}`),
  });
  return [
    signed('without the secret in it', (before, after) => [before, after]),
    signed('without the secret in it and the text beside it', closeUp),
    signed('with the secret in it too', (before, after) => [before, secret, after]),
    signed(`with the text ${secretPlaceholder} in it`, (before, after) => [before, utf8(secretPlaceholder), after]),
    ...[(before: Uint8Array, after: Uint8Array): Parts => [before, after], closeUp].flatMap((rest) => [
      moved('in front of', (before, after) => [secret, ...rest(before, after)]),
      moved('behind', (before, after) => [...rest(before, after), secret]),
      moved('at both ends of', (before, after) => [secret, ...rest(before, after), secret]),
    ]),
  ];
}

/** Removes one of two equal separators, or the separator at an end, which would stand alone without the secret. */
function closeUp(before: Uint8Array, after: Uint8Array): Parts {
  if (!after.length) return [before.subarray(0, -1)];
  return !before.length || before.at(-1) === after[0] ? [before, after.subarray(1)] : [before, after];
}

const describeMisplaced = (label: string): Difference => ({
  code: 'secret-swapped',
  message: `The caller used its secret incorrectly: ${label}.`,
  remedy:
    "In the caller's code, use the secret exactly as issued and as the scheme demands, without additional characters.",
  proven: true,
});
