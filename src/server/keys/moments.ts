import { fail } from '../../core/errors.ts';

/** The range of plausible times, in milliseconds since the epoch: March 1973 to the end of 9999. */
const first = 1e11;
const last = 253_402_300_799_999;

/**
 * Checks a time in milliseconds since the epoch. Seconds and microseconds are refused: read as milliseconds, they lie before
 * 1973 or after 9999.
 *
 * @param name of the option, for the message.
 * @throws SignatureError `invalid_configuration` with the found value and a correction.
 */
export function checkMoment(name: string, value: unknown): void {
  if (value === undefined) return;
  if (typeof value === 'number' && value >= first && value <= last) return;
  fail('invalid_configuration', `${name} is ${describe(value)}, not milliseconds since the epoch${remedy(value)}.`);
}

/**
 * Checks a time like {@link checkMoment}, and that it is in the future.
 *
 * @param now in milliseconds since the epoch.
 * @throws SignatureError `invalid_configuration`
 */
export function checkFuture(name: string, value: unknown, now: number): void {
  checkMoment(name, value);
  if (typeof value === 'number' && !(value > now)) {
    fail('invalid_configuration', `${name} is ${new Date(value).toISOString()}, which has passed: give a later time.`);
  }
}

function describe(value: unknown): string {
  if (typeof value === 'string') return `the string ${JSON.stringify(value.slice(0, 40))}`;
  if (value instanceof Date) return 'a Date';
  return typeof value === 'number' || value === null ? String(value) : `of type ${typeof value}`;
}

function remedy(value: unknown): string {
  if (value instanceof Date) return ': call its getTime()';
  if (typeof value === 'string' && Number.isFinite(Date.parse(value))) return ': convert it with Date.parse()';
  if (value === null || value === Infinity) return ': leave it out if there is no limit';
  if (typeof value !== 'number' || !(value > 0)) return '';
  if (value >= 1e8 && value < first) return ': multiply seconds by 1000';
  return value > last ? ': divide microseconds by 1000' : '';
}
