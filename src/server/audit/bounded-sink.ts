import { fail } from '../../core/errors.ts';
import type { AuditEvent, AuditSink } from '../contracts.ts';
import { type OptionNames, requireKnownOptions } from '../known-options.ts';

/** Why an event may be missing: there was no room for it, the sink threw, or the sink took too long. */
export type AuditLoss = 'dropped' | 'failed' | 'late';

/** How many events may wait, for how long, and what is called for those that are lost. */
export type BoundedSinkOptions = {
  /** How many events may wait in memory. Further events are dropped until there is room. @default 1000 */
  readonly capacity?: number;
  /**
   * How long the sink may take for one event, in milliseconds. Then the event counts as `late` and the next is given, although
   * the sink may still write it. @default 5000
   */
  readonly timeout?: number;
  /** How many events the sink handles at a time. With more than 1 they may be written out of order. @default 1 */
  readonly concurrency?: number;
  /** Called at once for each event that is lost; what it throws is ignored. @default none */
  readonly onLoss?: (event: AuditEvent, loss: AuditLoss) => void;
};

const names: OptionNames<BoundedSinkOptions> = { capacity: true, timeout: true, concurrency: true, onLoss: true };

/** Where the events went that a bounded sink was given: each is counted in one of these. */
export type BoundedSinkCounts = {
  /** Taken by the sink, in time. */
  readonly delivered: number;
  /** Waiting, or with the sink. */
  readonly pending: number;
  /** Never given to the sink: there was no room. */
  readonly dropped: number;
  /** The sink threw. */
  readonly failed: number;
  /** The sink did not end in time; whether it wrote the event is unknown. */
  readonly late: number;
};

/** A sink that nothing can pile up behind. */
export type BoundedSink = AuditSink & {
  counts(): BoundedSinkCounts;
  /** How many events may be missing: dropped, failed and late ones. */
  dropped(): number;
  /** Resolves when nothing is pending: for an orderly end of the process. */
  idle(): Promise<void>;
};

/**
 * A sink in front of another that may be slow, or hang, or throw. It waits for nothing the other does, lets at most `capacity`
 * events wait, and counts what is lost.
 *
 * @throws SignatureError `invalid_configuration` for an option that is no such number.
 */
export function boundedSink(sink: AuditSink, options: BoundedSinkOptions = {}): BoundedSink {
  requireKnownOptions(options, names, 'boundedSink()');
  const { capacity = 1000, timeout = 5000, concurrency = 1, onLoss } = options;
  if (!(capacity >= 1 && timeout > 0 && timeout < 2 ** 31 && concurrency >= 1)) {
    fail('invalid_configuration', 'capacity and concurrency must be 1 or more, timeout a number of milliseconds.');
  }
  const waiting = new Set<AuditEvent>();
  const counted = { delivered: 0, dropped: 0, failed: 0, late: 0 };
  let running = 0;
  let leaving: (() => void)[] = [];

  const lose = (event: AuditEvent, loss: AuditLoss): void => {
    counted[loss]++;
    try {
      onLoss?.(event, loss);
    } catch {
      // Who is told of a loss must not cause another.
    }
  };

  async function deliver(event: AuditEvent): Promise<void> {
    const end = await outcomeOf(sink, event, timeout);
    if (end === 'delivered') counted.delivered++;
    else lose(event, end);
    running--;
    next();
  }

  function next(): void {
    for (const event of waiting) {
      if (running >= concurrency) return;
      waiting.delete(event);
      running++;
      void deliver(event);
    }
    if (running) return;
    for (const leave of leaving) leave();
    leaving = [];
  }

  const give = (event: AuditEvent): void => {
    // A copy: one event given twice is two.
    if (waiting.size < capacity) waiting.add(Object.freeze({ ...event }));
    else lose(event, 'dropped');
    next();
  };
  return Object.assign(give, {
    counts: () => ({ ...counted, pending: waiting.size + running }),
    dropped: () => counted.dropped + counted.failed + counted.late,
    idle: () =>
      new Promise<void>((resolve) => {
        if (waiting.size + running) leaving.push(resolve);
        else resolve();
      }),
  });
}

async function outcomeOf(
  sink: AuditSink,
  event: AuditEvent,
  timeout: number,
): Promise<'delivered' | 'failed' | 'late'> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(resolve, timeout, 'late');
  });
  const told = new Promise<void>((resolve) => resolve(sink(event))).then(
    () => 'delivered' as const,
    () => 'failed' as const,
  );
  const end = await Promise.race([told, late]);
  clearTimeout(timer);
  return end;
}
