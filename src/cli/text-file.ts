import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { arrayBuffer } from 'node:stream/consumers';
import { fail, SignatureError } from '../core/errors.ts';
import { printNotice } from './output.ts';

/**
 * The bytes of a file, or of standard input for `-`, which is there for one thing only.
 *
 * @param what it holds, for the message.
 * @throws SignatureError `invalid_configuration` where it cannot be read.
 */
export async function readBytes(file: string, what: string): Promise<Uint8Array> {
  try {
    return file === '-' ? await bytesOfInput(what) : new Uint8Array(await readFile(file));
  } catch (cause) {
    return unreadable(file, what, cause);
  }
}

let taken = false;

// Not readFileSync: where another program has made the pipe, that may find nothing in it yet, and give up.
async function bytesOfInput(what: string): Promise<Uint8Array> {
  if (taken) return fail('invalid_configuration', 'Two things are to be read from standard input: it cannot be both.');
  taken = true;
  if (process.stdin.isTTY) printNotice(`${what} is read from here; Ctrl-D ends it.`);
  return new Uint8Array(await arrayBuffer(process.stdin));
}

/**
 * The text of a file that holds something secret, or of standard input for `-`. Whoever else can read the file is told
 * of: containers mount secrets that everyone there can read, so it is not refused.
 *
 * @throws SignatureError `invalid_configuration` where it cannot be read, or is no UTF-8.
 */
export async function readSecretText(file: string, what: string): Promise<string> {
  const bytes = file === '-' ? await readBytes(file, what) : watched(file, what);
  try {
    // A byte order mark is the editor's, and no part of the text.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
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
    if (process.platform !== 'win32' && mode & 0o044)
      printNotice(`warning: others can read ${file}: chmod 600 ${file}`);
    return new Uint8Array(readFileSync(opened));
  } catch (cause) {
    return unreadable(file, what, cause);
  } finally {
    if (opened !== undefined) closeSync(opened);
  }
}

function unreadable(file: string, what: string, cause: unknown): never {
  if (cause instanceof SignatureError) throw cause;
  fail('invalid_configuration', `${what} cannot be read from ${file === '-' ? 'standard input' : file}.`, 400, cause);
}

/** The text without the one line break that editors and `echo` put at its end. */
export const withoutLastBreak = (text: string): string => text.replace(/\r?\n$/, '');
