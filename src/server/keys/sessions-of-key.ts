import { fail } from '../../core/errors.ts';
import type { KeyRecord } from '../contracts.ts';

/** True if a record's `sessions` has the documented shape. */
export function isSessionsOfKey(value: unknown): value is KeyRecord['sessions'] {
  if (value === undefined || value === false) return true;
  return typeof value === 'object' && value !== null && 'maxLifetime' in value && isLifetime(value.maxLifetime);
}

/** True for a positive, finite number of seconds. */
export const isLifetime = (value: unknown): boolean => typeof value === 'number' && value > 0 && value < Infinity;

/**
 * @throws SignatureError `invalid_configuration`
 */
export function checkSessions(value: unknown): void {
  if (!isSessionsOfKey(value)) {
    fail('invalid_configuration', 'sessions must be false or { maxLifetime }, a positive number of seconds.');
  }
}
