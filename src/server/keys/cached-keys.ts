import { fail } from '../../core/errors.ts';
import { withTimeout } from '../../stores/with-timeout.ts';
import type { KeyRecord, KeyStore } from '../contracts.ts';
import { type OptionNames, requireKnownOptions } from '../known-options.ts';
import { evictOldest } from './opened-keys.ts';

/** Lifetime and size of the cache, and the timeout of the store. */
export type CachedKeysOptions = {
  /** How long a key is cached, in seconds. A revocation takes effect on this server at most this much later. @default 5 */
  readonly lifetime?: number;
  /** Maximum number of cached keys, and separately of unknown access keys. The oldest are evicted. @default 10000 */
  readonly capacity?: number;
  /** How long to wait for the store, in milliseconds; then the request is refused with 503. @default 2000 */
  readonly timeout?: number;
  /** The time in milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
};

type Entry = {
  readonly readAt: number;
  /** A promise until the store has responded. */
  record: Promise<KeyRecord | undefined> | KeyRecord | undefined;
};

const names: OptionNames<CachedKeysOptions> = { lifetime: true, capacity: true, timeout: true, clock: true };

/**
 * Caches the keys of a store. Unknown access keys are cached too, in a separate map, so that made-up access keys neither
 * reach the database every time nor evict real keys. Errors are not cached.
 *
 * @throws SignatureError `invalid_configuration`
 * @example
 * import { cachedKeys, type KeyStore } from 'countersign/server';
 *
 * const store: KeyStore = { find: async () => undefined };
 * const keys = cachedKeys(store, { lifetime: 10 });
 */
export function cachedKeys(store: KeyStore, options: CachedKeysOptions = {}): KeyStore {
  requireKnownOptions(options, names, 'cachedKeys()');
  const { lifetime = 5, capacity = 10_000, timeout = 2000, clock = () => Date.now() } = options;
  if (!(lifetime >= 0 && lifetime < Infinity && capacity >= 1 && timeout > 0)) {
    fail(
      'invalid_configuration',
      'lifetime must be 0 seconds or more, capacity 1 or more, timeout a positive number of milliseconds.',
    );
  }
  const present = new Map<string, Entry>();
  const absent = new Map<string, Entry>();
  const pending = new Map<string, Entry>();

  // If the clock was set back, the age of an entry is unknown.
  const isCurrent = ({ readAt }: Entry, now: number): boolean => now >= readAt && now - readAt < lifetime * 1000;

  function read({ accessKey, name }: { readonly accessKey: string; readonly name: string }, now: number): Entry {
    const found = withTimeout((async () => store.find(accessKey))(), timeout);
    const entry: Entry = { readAt: now, record: found };
    pending.set(name, entry);
    const settled = () => {
      if (pending.get(name) === entry) pending.delete(name);
    };
    found.then((record) => {
      settled();
      // A plain value, so that the verifier need not await it.
      entry.record = record;
      present.delete(name);
      absent.delete(name);
      keep(record ? present : absent, name, entry);
    }, settled);
    return entry;
  }

  function keep(entries: Map<string, Entry>, name: string, entry: Entry): void {
    entries.set(name, entry);
    evictOldest(entries, capacity);
  }

  return {
    find(accessKey) {
      const now = clock();
      // A new string: a slice of a header would keep the whole header in memory.
      const name = JSON.stringify(accessKey);
      const known = pending.get(name) ?? present.get(name) ?? absent.get(name);
      return (known && isCurrent(known, now) ? known : read({ accessKey, name }, now)).record;
    },
    ...(store.touch && { touch: (accessKey: string, at: number) => store.touch?.(accessKey, at) }),
  };
}
