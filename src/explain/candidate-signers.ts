import { concatBytes } from '../core/body.ts';
import { sha256OfBodySync } from '../core/digest.ts';
import { utf8 } from '../core/encoding.ts';
import { SignatureError } from '../core/errors.ts';
import type { Scheme } from '../core/scheme.ts';
import { hmacSha256, type SigningKey } from '../core/signing-key.ts';
import type { KeyRecord, KeySecret } from '../server/contracts.ts';
import type { Difference, DifferenceCode } from './difference.ts';
import { secretForms } from './secret-forms.ts';
import { sameBytes } from './variation.ts';

/** A key that may have made a signature. */
export type CandidateSigner = {
  readonly key: SigningKey;
  /** The id of the secret, if the store has ids. */
  readonly id?: string | undefined;
  /** The secret, as in the store. */
  readonly entry?: KeySecret;
  /** Set if this key is not the correct one. @default none */
  readonly difference?: Difference;
  /** True if anyone can sign with this key, so that a fit proves nothing about the caller. @default false */
  readonly anyone?: true;
};

/** Returns the secrets of a key that are valid for a scheme, used correctly. */
export const ownSigners = (scheme: Scheme, { secrets }: KeyRecord): readonly CandidateSigner[] =>
  listUsable(scheme, secrets).flatMap((entry) => {
    const key = tryCreateKey(scheme, entry);
    return key ? [{ key, id: entry.id, entry }] : [];
  });

/** The keys whose secrets may have been used by mistake. */
export type MistakenKeys = {
  readonly record: KeyRecord | undefined;
  /** The access key as received. */
  readonly accessKey: string;
  readonly others: readonly KeyRecord[];
  /** Leaves out forms of a secret that are short enough to guess. @default false */
  readonly guarded?: boolean | undefined;
};

/** Returns the secrets of a key in forms in which callers use them by mistake, and the secrets of other keys. */
export function mistakenSigners(
  scheme: Scheme,
  { record, accessKey, others, guarded = false }: MistakenKeys,
): readonly CandidateSigner[] {
  const own = record ? listUsable(scheme, record.secrets) : [];
  return [
    ...others
      .filter(({ accessKey }) => accessKey !== record?.accessKey)
      .flatMap((other) =>
        ownSigners(scheme, other).map((signer) => ({ ...signer, difference: describeOtherKey(other) })),
      ),
    ...own.flatMap((entry) => listMisuses(scheme, { entry, guarded })),
    ...listPublic(scheme, accessKey),
  ];
}

/** Lists the keys that everybody has. */
const listPublic = (scheme: Scheme, accessKey: string): readonly CandidateSigner[] =>
  [
    ...toSigners(scheme, { secret: accessKey, difference: describeAccessKey }),
    ...placeholders.flatMap(({ label, secret }) => toSigners(scheme, { secret, difference: describeMissing(label) })),
    { key: createHashKey((text) => [text]), difference: describeMissing('nothing: the bare SHA-256 of the text') },
  ].map((signer) => ({ ...signer, anyone: true }) as const);

const describeAccessKey: Difference = {
  code: 'secret-swapped',
  message: 'The caller signed with the access key as the secret.',
  remedy: "In the caller's settings, use the secret that was issued with the access key.",
  proven: true,
};

const listUsable = (scheme: Scheme, secrets: readonly KeySecret[]): readonly KeySecret[] =>
  secrets.filter((entry) => (entry.scheme ?? scheme.name) === scheme.name && (!entry.publicKey || scheme.publicKeys));

function tryCreateKey(scheme: Scheme, { secret, publicKey }: KeySecret): SigningKey | undefined {
  try {
    return scheme.createKey(publicKey ?? secret);
  } catch (error) {
    if (error instanceof SignatureError) return undefined;
    throw error;
  }
}

type Misuse = { readonly secret: string | Uint8Array; readonly difference: Difference };

function toSigners(scheme: Scheme, { secret, difference }: Misuse): readonly CandidateSigner[] {
  const key = tryCreateKey(scheme, { secret });
  return key ? [{ key, difference }] : [];
}

const describeOtherKey = ({ accessKey, service }: KeyRecord): Difference => ({
  code: 'secret-of-another-key',
  message: `The caller signed with the secret of the key ${accessKey} of ${service}.`,
  remedy: "In the caller's settings, use access key and secret as issued together: they are mixed up.",
  proven: true,
});

const describeMissing = (label: string): Difference => ({
  code: 'secret-missing',
  message: `The caller signed with ${label} as the secret.`,
  remedy:
    "In the caller's settings, find out why the secret is missing: in most cases an environment variable is not set.",
  proven: true,
});

const placeholders: ReadonlyArray<{ readonly label: string; readonly secret: string }> = [
  { label: 'an empty text', secret: '' },
  { label: 'a line break', secret: '\n' },
  ...[
    'undefined',
    'null',
    'None',
    'nil',
    'false',
    'secret',
    'changeme',
    'your-secret',
    'SECRET',
    '[object Object]',
  ].map((secret) => ({ label: `the text ${secret}`, secret })),
];

type MisusedSecret = { readonly entry: KeySecret; readonly guarded: boolean };

/** As long as a secret has to be, in bytes or characters: shorter forms could be guessed by whom the explanation confirms them. */
const leastGuarded = 16;

function listMisuses(scheme: Scheme, { entry: { id, secret }, guarded }: MisusedSecret): readonly CandidateSigner[] {
  if (typeof secret !== 'string' && !ArrayBuffer.isView(secret)) return [];
  const formSigners = secretForms(secret)
    .filter(({ secret: form }) => !guarded || form.length >= leastGuarded)
    .flatMap(({ code, label, secret: form }) =>
      toSigners(scheme, { secret: form, difference: describeMisuse(code, label) }),
    );
  const swapped = describeMisuse('secret-swapped', 'as the message, with the string to sign as the key');
  return [...formSigners, { key: createSwappedKey(secret), difference: swapped }, ...listHashed(secret)].map(
    (signer) => ({ ...signer, id }),
  );
}

/** Lists the hashes of secret and string that are no HMAC. */
function listHashed(secret: string | Uint8Array): readonly CandidateSigner[] {
  const key = typeof secret === 'string' ? utf8(secret) : secret;
  const hashed = (name: string, parts: (text: Uint8Array) => readonly Uint8Array[]): CandidateSigner => ({
    key: createHashKey(parts),
    difference: describeHash(name),
  });
  const lineBreak = Uint8Array.of(10);
  return [
    hashed('the secret followed by the string to sign', (text) => [key, text]),
    hashed('the string to sign followed by the secret', (text) => [text, key]),
    hashed('the secret, a line break and the string to sign', (text) => [key, lineBreak, text]),
    hashed('the string to sign, a line break and the secret', (text) => [text, lineBreak, key]),
  ];
}

const describeHash = (name: string): Difference => ({
  code: 'algorithm',
  message: `The caller signed with the SHA-256 of ${name}, without HMAC.`,
  remedy:
    "In the caller's code, use HMAC-SHA256 of a library, with the secret as the key: a hash of both can be extended.",
  proven: true,
});

/** Creates a key that hashes, without HMAC. */
function createHashKey(parts: (text: Uint8Array) => readonly Uint8Array[]): SigningKey {
  const hash = (data: Uint8Array): Uint8Array => sha256OfBodySync(concatBytes(parts(data)));
  return {
    algorithm: 'hmac-sha256',
    sign: hash,
    verify: (data, signature) => sameBytes(hash(data), signature),
  };
}

/** Creates a key that swaps the two arguments of HMAC. */
function createSwappedKey(secret: string | Uint8Array): SigningKey {
  const signed = typeof secret === 'string' ? utf8(secret) : secret;
  return {
    algorithm: 'hmac-sha256',
    sign: (data) => hmacSha256(data).sign(signed),
    verify: (data, signature) => hmacSha256(data).verify(signed, signature),
  };
}

const describeMisuse = (code: DifferenceCode, label: string): Difference => ({
  code,
  message: `The caller used its secret incorrectly: ${label}.`,
  remedy:
    "In the caller's code, use the secret exactly as issued and as the scheme demands, without additional characters.",
  proven: true,
});
