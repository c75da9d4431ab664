import { readFileSync, writeFileSync } from 'node:fs';

/**
 * The master secret in a file beside the database, made where there is none; nobody but this user can read it. Where more
 * is at stake it comes from a key management service.
 */
export function masterIn(file: string): Uint8Array {
  const made = crypto.getRandomValues(new Uint8Array(32));
  try {
    // Fails where the file is there, so that two processes cannot make one each.
    writeFileSync(file, made, { mode: 0o600, flag: 'wx' });
    return made;
  } catch (error) {
    if ((error as { readonly code?: unknown }).code !== 'EEXIST') throw error;
    return readFileSync(file);
  }
}
