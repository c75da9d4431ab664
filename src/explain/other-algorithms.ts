import { concatBytes } from '../core/body.ts';
import { utf8 } from '../core/encoding.ts';
import type { SigningKey } from '../core/signing-key.ts';
import type { KeyedHash } from '../schemes/define/definition.ts';
import { digests, hmacWith } from '../schemes/define/digests.ts';
import { findMarker, type PlaceableKey, secretPlaceholder } from '../schemes/define/keyed-hash.ts';
import { type Difference, describeMisuse } from './difference.ts';
import { sameBytes } from './variation.ts';

/** A key that makes signatures in another way than the scheme. */
export type OtherKey = { readonly key: SigningKey; readonly difference: Difference };

type Hash = (data: Uint8Array) => Uint8Array;
type Parts = readonly Uint8Array[];

const names: Readonly<Record<KeyedHash, string>> = {
  sha256: 'SHA-256',
  sha384: 'SHA-384',
  sha512: 'SHA-512',
  sha1: 'SHA-1',
  md5: 'MD5',
};

const isHash = (name: string): name is KeyedHash => digests.has(name);

type NamedHash = { readonly name: string; readonly hash: Hash; hmac(key: Uint8Array, data: Uint8Array): Uint8Array };

/** The hash of an algorithm; SHA-256 for one without, such as that of a key pair. */
function hashOf(algorithm: string): NamedHash {
  const stated = algorithm.replace(/^hmac-/, '');
  const own = isHash(stated) ? stated : 'sha256';
  return {
    name: names[own],
    hash: digests.get(own)?.of as Hash,
    hmac: (key, data) => hmacWith(own, key, data),
  };
}

/** Lists the keys of callers that hash where the scheme has HMAC, or use HMAC where it hashes, or put the secret at another place. */
export function otherAlgorithms(algorithm: string, secret: string | Uint8Array): readonly OtherKey[] {
  const bytes = typeof secret === 'string' ? utf8(secret) : secret;
  return isHash(algorithm) ? listMacs(algorithm, bytes) : listHashes(algorithm, bytes);
}

/** The key that hashes the text alone, which everybody can do. */
export function bareHash(algorithm: string): { readonly name: string; readonly key: SigningKey } {
  const { name, hash } = hashOf(algorithm);
  return { name, key: createKey(algorithm, hash) };
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

/** What callers make of secret and string without HMAC. */
function listHashes(algorithm: string, secret: Uint8Array): readonly OtherKey[] {
  const { name, hash, hmac } = hashOf(algorithm);
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
      key: createKey(algorithm, (text) => hmac(text, secret)),
      difference: describeMisuse('secret-swapped', 'as the message, with the string to sign as the key'),
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
  const { name, hash, hmac } = hashOf(algorithm);
  const signed = (what: string, parts: (before: Uint8Array, after: Uint8Array) => Parts): OtherKey => ({
    key: createPlacedKey(algorithm, (before, after) => hmac(secret, concatBytes(parts(before, after)))),
    difference: {
      code: 'algorithm',
      message: `The caller signed with ${macName(name)} of the string to sign, ${what}.`,
      remedy: `In the caller's code, use ${name} without HMAC, of the string to sign with the secret where it has ${secretPlaceholder}.`,
      proven: true,
    },
  });
  const moved = (place: string, parts: (before: Uint8Array, after: Uint8Array) => Parts): OtherKey => ({
    key: createPlacedKey(algorithm, (before, after) => hash(concatBytes(parts(before, after)))),
    difference: describeMisuse(
      'secret-swapped',
      `${place} the rest of the string to sign, not where it has ${secretPlaceholder}`,
    ),
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
