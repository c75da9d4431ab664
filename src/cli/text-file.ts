import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { arrayBuffer } from 'node:stream/consumers';
import { fail, SignatureError } from '../core/errors.ts';
import { printNotice } from './output.ts';

/**
 * Reads a file, or standard input for `-`, which can be used only once.
 *
 * @param what the content, for messages.
 * @throws SignatureError `invalid_configuration` if it cannot be read.
 */
export async function readBytes(file: string, what: string): Promise<Uint8Array> {
  try {
    return file === '-' ? await bytesOfInput(what) : new Uint8Array(await readFile(file));
  } catch (cause) {
    return unreadable(file, what, cause);
  }
}

let taken = false;

// Not readFileSync: on a pipe that another program has not written to yet, it may fail with EAGAIN.
async function bytesOfInput(what: string): Promise<Uint8Array> {
  if (taken)
    return fail('invalid_configuration', 'Standard input can be used only once: give one of the two as a file.');
  taken = true;
  if (process.stdin.isTTY) printNotice(`${what} is read from standard input; Ctrl-D ends it.`);
  return new Uint8Array(await arrayBuffer(process.stdin));
}

/**
 * Reads a text file with a secret, or standard input for `-`. Warns if others can read the file. It is not refused, because secrets
 * that are mounted into containers are often readable by everyone there.
 *
 * @throws SignatureError `invalid_configuration` if it cannot be read, or is not UTF-8.
 */
export async function readSecretText(file: string, what: string): Promise<string> {
  const bytes = file === '-' ? await readBytes(file, what) : readAndWarn(file, what);
  try {
    // The decoder drops the byte order mark that some editors add.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return fail('invalid_configuration', `${what} is not UTF-8 text.`);
  }
}

function readAndWarn(file: string, what: string): Uint8Array {
  let opened: number | undefined;
  try {
    opened = openSync(file, 'r');
    // The mode of the opened file, which may have been replaced since.
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

/** Removes the final line break, which editors and `echo` add. */
export const withoutLastBreak = (text: string): string => text.replace(/\r?\n$/, '');
