import { SignatureError } from '../core/errors.ts';
import type { Scheme } from '../core/scheme.ts';
import type { Cause } from './causes.ts';
import type { Difference } from './difference.ts';
import type { ExplainOptions } from './explanation.ts';
import type { Guess } from './variation.ts';

/** Explains why a request cannot be read. */
export function explainUnreadable(
  error: SignatureError,
  { message }: Guess,
  { scheme, otherSchemes = [] }: Pick<ExplainOptions, 'otherSchemes'> & { readonly scheme: Scheme },
): Cause {
  const hash = findOtherHash(scheme, message);
  if (hash) return { differences: [hash] };
  const other =
    error.code === 'missing_signature' ? otherSchemes.find((scheme) => isSignedWith(scheme, message)) : undefined;
  const difference: Difference = other
    ? {
        code: 'scheme',
        message: `The request seems to be signed with ${other.name}.`,
        remedy: `Sign and verify with the same scheme; here, explain the request with ${other.name}.`,
        proven: false,
      }
    : {
        code: 'field-form',
        message: error.message,
        remedy:
          "In the caller's code, write the fields as the scheme demands; and check that no proxy removes headers, or adds parameters.",
        proven: true,
      };
  return { differences: [difference] };
}

/** The lengths of signatures of other hashes than SHA-256, in hex digits and in characters of base64. */
const lengths: ReadonlyArray<readonly [name: string, hex: number, base64: number]> = [
  ['MD5', 32, 24],
  ['SHA-1', 40, 28],
  ['SHA-384', 96, 64],
  ['SHA-512', 128, 88],
];

/** Finds a signature that is as long as one of another hash. */
function findOtherHash(scheme: Scheme, { headers }: Guess['message']): Difference | undefined {
  for (const field of takesSha256(scheme) ? scheme.fields : []) {
    if (!/signature$|^authorization$/.test(field)) continue;
    const run = lastRun((headers.get(field) ?? '').trim());
    const found = lengths.find(([, digits, letters]) =>
      /^[\da-f]+$/i.test(run) ? run.length === digits : run.length === letters,
    );
    if (found) {
      return {
        code: 'algorithm',
        message: `The signature in ${field} is as long as one of HMAC with ${found[0]}; the scheme takes HMAC-SHA256.`,
        remedy: "In the caller's code, sign with HMAC-SHA256.",
        proven: false,
      };
    }
  }
  return undefined;
}

/** The characters of hex or base64 at the end of a text. */
function lastRun(text: string): string {
  const encoded = text.replace(/={0,2}$/, '');
  let start = encoded.length;
  while (start > 0 && /[\w+/-]/.test(encoded[start - 1] ?? '')) start--;
  return text.slice(start);
}

function takesSha256(scheme: Scheme): boolean {
  try {
    return scheme.createKey('a secret that is long enough').algorithm === 'hmac-sha256';
  } catch (error) {
    if (error instanceof SignatureError) return false;
    throw error;
  }
}

function isSignedWith(scheme: Scheme, message: Guess['message']): boolean {
  try {
    scheme.read(message);
    return true;
  } catch (error) {
    if (error instanceof SignatureError) return error.code !== 'missing_signature';
    throw error;
  }
}
