import { fail } from '../../../core/errors.ts';
import type { SchemeDefinition } from '../definition.ts';
import { invalidDefinition } from '../invalid-definition.ts';
import { isKeyedHash } from '../keyed-hash.ts';
import { listValues, type PlannedTemplate } from './template.ts';

/** Whether a part of the string to sign, planned or flattened, is the place of the secret. */
export const isSecret = (part: { readonly kind: string; readonly field?: string }): boolean =>
  part.kind === 'value' && part.field === 'secret';

/**
 * Requires `{secret}` in the string to sign of a keyed hash, exactly once and in every string, and in no other.
 *
 * @throws SignatureError `invalid_configuration`
 */
export function checkSecret(
  { algorithm = 'hmac-sha256', key }: SchemeDefinition,
  { parts, where, template }: PlannedTemplate,
): void {
  const refuse = (at: number, problem: string): never => invalidDefinition({ where, template, at }, problem);
  const [first, second] = listValues(parts).filter(isSecret);
  if (!isKeyedHash(algorithm)) {
    if (first)
      refuse(first.at, `HMAC takes the secret as its key: {secret} is for hashes such as sha256, not ${algorithm}`);
    return;
  }
  if (!first) {
    fail('invalid_configuration', `The algorithm ${algorithm} has no key: stringToSign must contain {secret}.`);
  }
  if (second) refuse(second.at, '{secret} must occur once');
  if (first.filters.length) refuse(first.at, '{secret} takes no filters');
  if (!parts.some(isSecret)) refuse(first.at, '{secret} cannot be in brackets');
  if (key) fail('invalid_configuration', `The algorithm ${algorithm} derives no key: remove key from the definition.`);
}
