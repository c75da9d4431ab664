import { SignatureError } from '../core/errors.ts';
import type { Scheme } from '../core/scheme.ts';
import { parseSessionKey, type SessionKey } from '../core/session/access-key.ts';
import type { KeyRecord, KeySecret, KeyStore } from '../server/contracts.ts';
import { recordNames } from '../server/keys/memory-keys.ts';
import { copyKnown } from '../server/known-options.ts';
import { findKey } from '../server/verify/find-key.ts';
import { prepareKeys } from '../server/verify/prepared-keys.ts';
import { createSessionSecrets } from '../server/verify/session-secrets.ts';

/**
 * Finds the record of an access key. For a session it returns the record of its parent, with the secrets of the session in place of
 * those of the parent.
 *
 * @throws SignatureError `key_store_unavailable`
 */
export async function findRecord(
  scheme: Scheme,
  { keys, accessKey }: { readonly keys: KeyStore; readonly accessKey: string },
): Promise<KeyRecord | undefined> {
  const session = tryParse(accessKey);
  const record = await findKey(keys, session?.parent ?? accessKey);
  return record && session
    ? { ...copyKnown(record, recordNames), secrets: await deriveAll(scheme, { record, session }) }
    : record;
}

/** Whether an access key is that of a session that is bound to a key pair. */
export const isBound = (accessKey: string): boolean => tryParse(accessKey)?.binding !== undefined;

/** A malformed session is no session: the verifier says what is wrong with it. */
function tryParse(accessKey: string): SessionKey | undefined {
  try {
    return parseSessionKey(accessKey);
  } catch (error) {
    if (error instanceof SignatureError) return undefined;
    throw error;
  }
}

async function deriveAll(
  scheme: Scheme,
  { record, session }: { readonly record: KeyRecord; readonly session: SessionKey },
): Promise<readonly KeySecret[]> {
  const prepared = prepareKeys(scheme);
  const sessions = createSessionSecrets(new Map([[scheme, prepared]]));
  const derived: KeySecret[] = [];
  for (const secret of record.secrets) {
    const found = await sessions.derive(session, secret, prepared);
    // A text says why there is none: the verdict has the reason.
    if (typeof found === 'object') derived.push(found.secret);
  }
  return derived;
}
