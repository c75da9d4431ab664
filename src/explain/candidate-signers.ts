import { SignatureError } from '../core/errors.ts';
import type { Scheme } from '../core/scheme.ts';
import type { SigningKey } from '../core/signing-key.ts';
import type { KeyRecord, KeySecret } from '../server/contracts.ts';
import { type Difference, describeMisuse } from './difference.ts';
import { bareHash, otherAlgorithms } from './other-algorithms.ts';
import { secretForms } from './secret-forms.ts';

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
    toBareSigner(bareHash(algorithmOf(scheme, accessKey))),
  ].map((signer) => ({ ...signer, anyone: true }) as const);

const toBareSigner = ({ name, key }: ReturnType<typeof bareHash>): CandidateSigner => ({
  key,
  difference: describeMissing(`nothing: the bare ${name} of the text`),
});

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

const algorithmOf = (scheme: Scheme, secret: string | Uint8Array): string =>
  tryCreateKey(scheme, { secret })?.algorithm ?? 'hmac-sha256';

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
  return [...formSigners, ...otherAlgorithms(algorithmOf(scheme, secret), secret)].map((signer) => ({ ...signer, id }));
}
