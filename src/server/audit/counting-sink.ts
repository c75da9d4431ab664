import { fail } from '../../core/errors.ts';
import type { AuditEvent, AuditSink } from '../contracts.ts';
import { type OptionNames, requireKnownOptions } from '../known-options.ts';

/** How often attempts ended in one way. */
export type OutcomeCount = Pick<AuditEvent, 'scheme' | 'outcome' | 'code'> & {
  /** Undefined for all access keys that no record is known of, and for all that came when there was no room for another row. */
  readonly service: string | undefined;
  readonly count: number;
  /** When the last of them was, in milliseconds since the epoch. */
  readonly last: number;
};

/** An audit that counts: give it to a verifier, or call it from an audit of your own. */
export type CountingSink = AuditSink & {
  /** What has been counted, the most frequent first. */
  rows(): readonly OutcomeCount[];
  /** Forgets all that has been counted. */
  reset(): void;
};

/** How much is held in memory. */
export type CountingSinkOptions = {
  /** How many rows may name a service. Further services are counted together, without a name. @default 10000 */
  readonly capacity?: number;
};

const names: OptionNames<CountingSinkOptions> = { capacity: true };

/**
 * Counts attempts by scheme, service, outcome and code: to see who still signs by an old scheme, and what a stricter verifier
 * would refuse. In this process's memory, which a stranger cannot make grow: unknown access keys have no row of their own.
 *
 * @throws SignatureError `invalid_configuration` for a capacity that is no number of rows.
 */
export function countingSink(options: CountingSinkOptions = {}): CountingSink {
  requireKnownOptions(options, names, 'countingSink()');
  const { capacity = 10_000 } = options;
  if (!(capacity >= 0)) fail('invalid_configuration', `capacity is ${capacity}, it must be a number of rows.`);
  const counts = new Map<string, OutcomeCount>();
  const count = ({ scheme, service, outcome, code, time }: AuditEvent): void => {
    const own = keyOf({ scheme, service, outcome, code });
    const named = counts.has(own) || counts.size < capacity ? service : undefined;
    const row = { scheme, service: named, outcome, code };
    const before = counts.get(keyOf(row))?.count ?? 0;
    counts.set(keyOf(row), { ...row, count: before + 1, last: time });
  };
  return Object.assign(count, {
    rows: () => [...counts.values()].sort((a, b) => b.count - a.count),
    reset: () => counts.clear(),
  });
}

const keyOf = ({ scheme, service, outcome, code }: Omit<OutcomeCount, 'count' | 'last'>): string =>
  JSON.stringify([scheme, service, outcome, code]);
