import { fail } from '../../core/errors.ts';
import type { VerifierOptions } from './verifier-options.ts';

type NumberOptions = Pick<
  VerifierOptions,
  'challenges' | 'tolerance' | 'maxBodyBytes' | 'maxSessionLifetime' | 'timelessMemory'
>;

/** The checked numeric options, with defaults. */
export type CheckedNumbers = {
  /** In milliseconds, like `remembered`. */
  readonly tolerance: number;
  /** How long a nonce is remembered. */
  readonly remembered: number;
  /** How long a nonce is remembered whose signature covers no time, in milliseconds. */
  readonly timelessMemory: number;
  readonly maxBodyBytes: number;
  /** In seconds. */
  readonly maxSessionLifetime: number;
};

/**
 * Checks the numeric options.
 *
 * @throws SignatureError `invalid_configuration`
 */
export function checkedNumbers({
  challenges,
  maxSessionLifetime = 86_400,
  tolerance: seconds = 300,
  maxBodyBytes = 10 * 2 ** 20,
  timelessMemory = 86_400,
}: NumberOptions): CheckedNumbers {
  if (!(seconds > 0 && seconds < Infinity && maxBodyBytes >= 0)) {
    fail('invalid_configuration', 'tolerance must be a positive number of seconds, maxBodyBytes of bytes.');
  }
  if (seconds > 86_400)
    fail('invalid_configuration', `tolerance is ${seconds}, at most 86400 is allowed: it is in seconds.`);
  if (challenges && !(challenges.lifetime > 0 && challenges.lifetime < Infinity)) {
    fail('invalid_configuration', 'The lifetime of challenges must be a positive number of seconds.');
  }
  if (!(maxSessionLifetime > 0 && maxSessionLifetime <= 31_536_000)) {
    fail(
      'invalid_configuration',
      'maxSessionLifetime must be a positive number of seconds, at most 31536000 (a year).',
    );
  }
  if (!(timelessMemory > 0 && timelessMemory <= 31_536_000)) {
    fail('invalid_configuration', 'timelessMemory must be a positive number of seconds, at most 31536000 (a year).');
  }
  const tolerance = seconds * 1000;
  // A request is fresh from one tolerance before its timestamp to one after it, so its nonce is remembered for both.
  const remembered = Math.max(2 * tolerance, (challenges?.lifetime ?? 0) * 1000);
  return {
    tolerance,
    remembered,
    // A copy could arrive as late as one with a time.
    timelessMemory: Math.max(remembered, timelessMemory * 1000),
    maxBodyBytes,
    maxSessionLifetime,
  };
}
