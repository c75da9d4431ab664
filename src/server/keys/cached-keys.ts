import { fail } from '../../core/errors.ts';
import { withTimeout } from '../../stores/with-timeout.ts';
import type { KeyRecord, KeyStore } from '../contracts.ts';
import { type OptionNames, requireKnownOptions } from '../known-options.ts';
import { evictOldest } from './opened-keys.ts';

/** How long keys are cached, and how many. */
export type CachedKeysOptions = {
  /** How long a key is cached, in seconds. A revocation takes at most this long to reach a server. @default 5 */
  readonly lifetime?: number;
  /** How many keys are cached, and as many access keys that do not exist; the oldest are dropped. @default 10000 */
  readonly capacity?: number;
  /** How long the store is waited for, in milliseconds; then the request is refused with 503. @default 2000 */
  readonly timeout?: number;
  /** The time in milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
};

type Answer = {
  readonly askedAt: number;
  /** A promise until the store has answered. */
  record: Promise<KeyRecord | undefined> | KeyRecord | undefined;
};

const names: OptionNames<CachedKeysOptions> = { lifetime: true, capacity: true, timeout: true, clock: true };

/**
 * Asks a key store once in a while only. What does not exist is kept too, apart from the keys, so that strangers who make up
 * access keys neither reach the database with each nor push the keys out. A store that throws is asked again.
 *
 * @throws SignatureError `invalid_configuration`
 */
export function cachedKeys(store: KeyStore, options: CachedKeysOptions = {}): KeyStore {
  requireKnownOptions(options, names, 'cachedKeys()');
  const { lifetime = 5, capacity = 10_000, timeout = 2000, clock = () => Date.now() } = options;
  if (!(lifetime >= 0 && lifetime < Infinity && capacity >= 1 && timeout > 0)) {
    fail('invalid_configuration', 'lifetime must be seconds from 0 on, capacity at least 1, timeout milliseconds.');
  }
  const present = new Map<string, Answer>();
  const absent = new Map<string, Answer>();
  const asked = new Map<string, Answer>();

  // Of a clock that was set back nothing is believed.
  const isCurrent = ({ askedAt }: Answer, now: number): boolean => now >= askedAt && now - askedAt < lifetime * 1000;

  function ask({ accessKey, name }: { readonly accessKey: string; readonly name: string }, now: number): Answer {
    const found = withTimeout((async () => store.find(accessKey))(), timeout);
    const answer: Answer = { askedAt: now, record: found };
    asked.set(name, answer);
    const settled = () => {
      if (asked.get(name) === answer) asked.delete(name);
    };
    found.then((record) => {
      settled();
      // So that what is known is not waited for.
      answer.record = record;
      present.delete(name);
      absent.delete(name);
      keep(record ? present : absent, name, answer);
    }, settled);
    return answer;
  }

  function keep(answers: Map<string, Answer>, name: string, answer: Answer): void {
    answers.set(name, answer);
    evictOldest(answers, capacity);
  }

  return {
    find(accessKey) {
      const now = clock();
      // A text of its own: one that was cut out of a header holds on to all of it.
      const name = JSON.stringify(accessKey);
      const known = asked.get(name) ?? present.get(name) ?? absent.get(name);
      return (known && isCurrent(known, now) ? known : ask({ accessKey, name }, now)).record;
    },
    ...(store.touch && { touch: (accessKey: string, at: number) => store.touch?.(accessKey, at) }),
  };
}
