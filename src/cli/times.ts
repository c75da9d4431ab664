import { fail } from '../core/errors.ts';

const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86400 };

/**
 * Parses a time into milliseconds since the epoch: `2026-11-22T12:00:00Z`, `2026-11-22` (its start in UTC), Unix time in seconds, or
 * `+90d` from now.
 *
 * @param name of the option, for the message.
 * @throws SignatureError `invalid_configuration`
 */
export function parseTime(name: string, text: string): number {
  if (text.startsWith('+')) return Date.now() + parseDuration(name, text.slice(1)) * 1000;
  if (/^\d{1,11}$/.test(text)) return Number(text) * 1000;
  if (/^\d{12,}$/.test(text)) fail('invalid_configuration', `--${name} is in milliseconds: give seconds.`);
  const time = isoPattern.test(text) ? Date.parse(text) : Number.NaN;
  return time >= 0
    ? time
    : fail('invalid_configuration', `--${name} must look like 2026-11-22T12:00:00Z, 2026-11-22, 1795348800 or +90d.`);
}

// A time without a zone would depend on the machine.
const isoPattern = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d))?$/;

/**
 * Parses a duration into seconds: `3600`, `45s`, `30m`, `12h`, `7d`.
 *
 * @param name of the option, for the message.
 * @throws SignatureError `invalid_configuration`
 */
export function parseDuration(name: string, text: string): number {
  const [, count, unit = 's'] = /^(\d{1,9})([smhd])?$/.exec(text) ?? [];
  if (count === undefined) return fail('invalid_configuration', `--${name} must look like 3600, 30m, 12h or 7d.`);
  return Number(count) * (units[unit] ?? 1);
}

/** Formats a time as ISO 8601 in UTC. */
export const formatTime = (time: number): string => new Date(time).toISOString();
