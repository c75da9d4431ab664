import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { fail } from '../core/errors.ts';
import { tell } from './output.ts';

/**
 * The bytes of a file, or of standard input for `-`.
 *
 * @param what it holds, for the message.
 * @throws SignatureError `invalid_configuration` where it cannot be read.
 */
export function bytesIn(file: string, what: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(file === '-' ? 0 : file));
  } catch (cause) {
    return unreadable(file, what, cause);
  }
}

/**
 * The text of a file that holds something secret, or of standard input for `-`. Whoever else can read the file is told
 * of: containers mount secrets that everyone there can read, so it is not refused.
 *
 * @throws SignatureError `invalid_configuration` where it cannot be read, or is no UTF-8.
 */
export function secretTextIn(file: string, what: string): string {
  const bytes = file === '-' ? bytesIn(file, what) : watched(file, what);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return fail('invalid_configuration', `${what} is not UTF-8 text.`);
  }
}

function watched(file: string, what: string): Uint8Array {
  let opened: number | undefined;
  try {
    opened = openSync(file, 'r');
    // Of what is read, and not of what has taken its place meanwhile.
    const { mode } = fstatSync(opened);
    if (process.platform !== 'win32' && mode & 0o044) tell(`warning: others can read ${file}: chmod 600 ${file}`);
    return new Uint8Array(readFileSync(opened));
  } catch (cause) {
    return unreadable(file, what, cause);
  } finally {
    if (opened !== undefined) closeSync(opened);
  }
}

const unreadable = (file: string, what: string, cause: unknown): never =>
  fail('invalid_configuration', `${what} cannot be read from ${file === '-' ? 'standard input' : file}.`, 400, cause);

/** The text without the one line break that editors and `echo` put at its end. */
export const withoutLastBreak = (text: string): string => text.replace(/\r?\n$/, '');
