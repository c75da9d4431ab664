import { readFileSync, writeFileSync } from 'node:fs';

/**
 * Returns the master secret from a file, and creates that file if it does not exist. Only this user can read it. In production,
 * use a key management service.
 */
export function masterIn(file: string): Uint8Array {
  const made = crypto.getRandomValues(new Uint8Array(32));
  try {
    // Fails if the file exists, so that two processes cannot each create a secret.
    writeFileSync(file, made, { mode: 0o600, flag: 'wx' });
    return made;
  } catch (error) {
    if ((error as { readonly code?: unknown }).code !== 'EEXIST') throw error;
    return readFileSync(file);
  }
}
