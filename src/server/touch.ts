import type { KeyRecord, KeyStore } from './contracts.ts';

const minute = 60_000;
const lastTold = new WeakMap<KeyRecord, number>();

/** Tells a store that a key has been used, at most once a minute, and waits for nothing. */
export function touched(keys: KeyStore, record: KeyRecord, now: number): void {
  const last = Math.max(record.lastUsedAt ?? 0, lastTold.get(record) ?? 0);
  if (now - last < minute) return;
  lastTold.set(record, now);
  // That nobody can be told when a key was last used is no reason to refuse it.
  (async () => keys.touch?.(record.accessKey, now))().catch(() => undefined);
}
