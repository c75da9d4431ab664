import { SignatureError } from '../core/errors.ts';
import type { Scheme } from '../core/scheme.ts';
import type { Cause } from './causes.ts';
import type { Difference } from './difference.ts';
import type { ExplainOptions } from './explanation.ts';
import type { Guess } from './variation.ts';

/** Why a request cannot be read. */
export function explainUnreadable(
  error: SignatureError,
  { message }: Guess,
  { otherSchemes = [] }: Pick<ExplainOptions, 'otherSchemes'>,
): Cause {
  const other =
    error.code === 'missing_signature' ? otherSchemes.find((scheme) => isSignedWith(scheme, message)) : undefined;
  const difference: Difference = other
    ? {
        code: 'scheme',
        message: `The request is signed by ${other.name}, as it seems.`,
        remedy: `Sign and verify by the same scheme; here, explain it by ${other.name}.`,
        proven: false,
      }
    : {
        code: 'field-form',
        message: error.message,
        remedy:
          "In the caller's code, write the fields as the scheme has them; and let nothing on the way take headers off.",
        proven: true,
      };
  return { differences: [difference] };
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
