import { type Awaitable, isPromise } from '../../core/awaitable.ts';
import { fail, SignatureError } from '../../core/errors.ts';
import { ignoreFailure } from '../../core/ignore-failure.ts';
import { toStoreError } from '../../stores/store-fault.ts';
import type { KeyRecord, KeyStore } from '../contracts.ts';
import { checkRecordShape } from './check-record.ts';

/**
 * Finds the record of an access key.
 *
 * @throws SignatureError `key_store_unavailable` if the store throws, or returns something that is not a key record.
 */
export function findKey(keys: KeyStore, accessKey: string): Awaitable<KeyRecord | undefined> {
  const check = (record: KeyRecord | undefined) => checkRecord(record, accessKey);
  try {
    const found = keys.find(accessKey);
    // Wrapped, because the `then` of a foreign thenable may return anything.
    return isPromise(found) ? Promise.resolve(found).then(check).catch(unavailable) : check(found);
  } catch (cause) {
    return unavailable(cause);
  }
}

function checkRecord(found: KeyRecord | undefined, accessKey: string): KeyRecord | undefined {
  // A case-insensitive database may return a key for other spellings; each caller must have one name only.
  if (!found || found.accessKey !== accessKey) return undefined;
  checkRecordShape(found);
  return found;
}

function unavailable(cause: unknown): never {
  // Stores of this package give a precise reason.
  if (cause instanceof SignatureError && cause.code === 'key_store_unavailable') throw cause;
  return fail('key_store_unavailable', toStoreError('The key store', cause), 503, cause);
}

/**
 * Requires a key that exists and is valid now.
 *
 * @param now in milliseconds since the epoch.
 * @throws SignatureError `unknown_key`, `revoked_key`, `expired_key`, `inactive_key`
 */
export function requireUsable(record: KeyRecord | undefined, now: number): asserts record is KeyRecord {
  if (!record) fail('unknown_key', 'No key has this access key.', 401);
  const { revoked, expiresAt = Infinity, notBefore = -Infinity } = record;
  if (revoked) fail('revoked_key', 'The key has been revoked.', 401);
  if (!(now < expiresAt)) fail('expired_key', 'The key has expired.', 401);
  if (!(now >= notBefore)) fail('inactive_key', 'The key is not valid yet.', 401);
}

const minute = 60_000;
const lastRecorded = new WeakMap<KeyRecord, number>();

/**
 * Reports to the store that a key was used, at most once a minute. The store is not awaited and its failures are ignored: a
 * missing time of last use is no reason to refuse a request.
 *
 * @param now in milliseconds since the epoch.
 */
export function recordKeyUse(keys: KeyStore, record: KeyRecord, now: number): void {
  if (!keys.touch) return;
  const last = Math.max(record.lastUsedAt ?? 0, lastRecorded.get(record) ?? 0);
  if (now - last < minute) return;
  lastRecorded.set(record, now);
  ignoreFailure(() => keys.touch?.(record.accessKey, now));
}
