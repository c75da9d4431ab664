import { fail } from '../../core/errors.ts';
import type { AuditEvent, AuditSink } from '../contracts.ts';
import { type OptionNames, requireKnownOptions } from '../known-options.ts';

/** How many verification attempts had the same scheme, service, outcome and code. */
export type OutcomeCount = Pick<AuditEvent, 'scheme' | 'outcome' | 'code'> & {
  /** Undefined for unknown access keys, and for services that are counted together because the sink is full. */
  readonly service: string | undefined;
  readonly count: number;
  /** Time of the latest attempt, in milliseconds since the epoch. */
  readonly last: number;
};

/** An audit sink that counts events. Pass it to a verifier, or call it from another sink. */
export type CountingSink = AuditSink & {
  /** The counts, highest first. */
  rows(): readonly OutcomeCount[];
  /** Sets all counts to zero. */
  reset(): void;
};

/** The memory limit of a counting sink. */
export type CountingSinkOptions = {
  /** Maximum number of rows that name a service. Services beyond it are counted together, without a name. @default 10000 */
  readonly capacity?: number;
};

const names: OptionNames<CountingSinkOptions> = { capacity: true };

/**
 * Counts attempts by scheme, service, outcome and code. Use it to find callers that still sign with an old scheme, and to
 * see what a stricter verifier would refuse. The counts are in the memory of this process. Unknown access keys share one
 * row, so unauthenticated callers cannot make the table grow.
 *
 * @throws SignatureError `invalid_configuration` for an unknown option or a negative capacity.
 * @example
 * import { countingSink, createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
 *
 * const audit = countingSink();
 * export const verifier = createVerifier({ keys: memoryKeys([]), replay: memoryReplay(), audit });
 * console.log(audit.rows()); // → []
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
