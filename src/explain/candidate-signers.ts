import { utf8 } from '../core/encoding.ts';
import { SignatureError } from '../core/errors.ts';
import type { Scheme } from '../core/scheme.ts';
import { hmacSha256, type SigningKey } from '../core/signing-key.ts';
import type { KeyRecord, KeySecret } from '../server/contracts.ts';
import type { Difference, DifferenceCode } from './difference.ts';
import { secretForms } from './secret-forms.ts';

/** Who may have signed. */
export type CandidateSigner = {
  readonly key: SigningKey;
  /** Which of the key's secrets it is, where the store names them. */
  readonly id?: string | undefined;
  /** The secret itself, as the store has it. */
  readonly entry?: KeySecret;
  /** In what it is not as it should be. @default nothing */
  readonly difference?: Difference;
};

/** The secrets of a key by which a scheme may be signed, each as it should be used. */
export const ownSigners = (scheme: Scheme, { secrets }: KeyRecord): readonly CandidateSigner[] =>
  usable(scheme, secrets).flatMap((entry) => {
    const key = keyOf(scheme, entry);
    return key ? [{ key, id: entry.id, entry }] : [];
  });

/** The secrets of a key as callers may have used them by mistake, and those of other keys. */
export function mistakenSigners(
  scheme: Scheme,
  { record, others }: { readonly record: KeyRecord | undefined; readonly others: readonly KeyRecord[] },
): readonly CandidateSigner[] {
  const own = record ? usable(scheme, record.secrets) : [];
  return [
    ...others
      .filter(({ accessKey }) => accessKey !== record?.accessKey)
      .flatMap((other) => ownSigners(scheme, other).map((signer) => ({ ...signer, difference: ofAnother(other) }))),
    ...own.flatMap((entry) => misused(scheme, entry)),
    ...missing.flatMap(({ says, secret }) => signerOf(scheme, { secret, difference: noSecret(says) })),
  ];
}

const usable = (scheme: Scheme, secrets: readonly KeySecret[]): readonly KeySecret[] =>
  secrets.filter((entry) => (entry.scheme ?? scheme.name) === scheme.name && (!entry.publicKey || scheme.publicKeys));

function keyOf(scheme: Scheme, { secret, publicKey }: KeySecret): SigningKey | undefined {
  try {
    return scheme.createKey(publicKey ?? secret);
  } catch (error) {
    if (error instanceof SignatureError) return undefined;
    throw error;
  }
}

type Misuse = { readonly secret: string | Uint8Array; readonly difference: Difference };

function signerOf(scheme: Scheme, { secret, difference }: Misuse): readonly CandidateSigner[] {
  const key = keyOf(scheme, { secret });
  return key ? [{ key, difference }] : [];
}

const ofAnother = ({ accessKey, service }: KeyRecord): Difference => ({
  code: 'secret-of-another-key',
  message: `The caller signed with the secret of the key ${accessKey} of ${service}.`,
  remedy: "In the caller's settings, put access key and secret together as they were issued: they are mixed up.",
  proven: true,
});

const noSecret = (says: string): Difference => ({
  code: 'secret-missing',
  message: `The caller signed with ${says} for a secret.`,
  remedy:
    "In the caller's settings, see why the secret is not there: an environment variable that is not set, as a rule.",
  proven: true,
});

const missing: ReadonlyArray<{ readonly says: string; readonly secret: string }> = [
  { says: 'an empty text', secret: '' },
  { says: 'a line break', secret: '\n' },
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
  ].map((secret) => ({ says: `the text ${secret}`, secret })),
];

function misused(scheme: Scheme, { id, secret }: KeySecret): readonly CandidateSigner[] {
  if (typeof secret !== 'string' && !ArrayBuffer.isView(secret)) return [];
  const made = secretForms(secret).flatMap(({ code, says, secret: form }) =>
    signerOf(scheme, { secret: form, difference: misuse(code, says) }),
  );
  const swapped = misuse('secret-swapped', 'as what is signed, with the string to sign for a key');
  return [...made, { key: swappedKey(secret), difference: swapped }].map((signer) => ({ ...signer, id }));
}

/** What signs where somebody gives the two arguments of HMAC in the wrong order. */
function swappedKey(secret: string | Uint8Array): SigningKey {
  const signed = typeof secret === 'string' ? utf8(secret) : secret;
  return {
    algorithm: 'hmac-sha256',
    sign: (data) => hmacSha256(data).sign(signed),
    verify: (data, signature) => hmacSha256(data).verify(signed, signature),
  };
}

const misuse = (code: DifferenceCode, says: string): Difference => ({
  code,
  message: `The caller used its secret wrongly: ${says}.`,
  remedy:
    "In the caller's code, use the secret exactly as it was issued: as the scheme says, and without anything around it.",
  proven: true,
});
