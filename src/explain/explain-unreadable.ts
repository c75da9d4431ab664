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
  { otherSchemes = [] }: Pick<ExplainOptions, 'otherSchemes'>,
): Cause {
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

function isSignedWith(scheme: Scheme, message: Guess['message']): boolean {
  try {
    scheme.read(message);
    return true;
  } catch (error) {
    if (error instanceof SignatureError) return error.code !== 'missing_signature';
    throw error;
  }
}
