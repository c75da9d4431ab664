import { fail } from '../../core/errors.ts';
import { ignoreFailure } from '../../core/ignore-failure.ts';
import type { AuditEvent, AuditSink } from '../contracts.ts';
import { type OptionNames, requireKnownOptions } from '../known-options.ts';

/** Why an event was lost: the queue was full, the sink threw, or the sink took too long. */
export type AuditLoss = 'dropped' | 'failed' | 'late';

/** Queue size, timeout and concurrency of a bounded sink, and a callback for lost events. */
export type BoundedSinkOptions = {
  /** How many events may wait in memory. When the queue is full, further events are dropped. @default 1000 */
  readonly capacity?: number;
  /**
   * How long the sink may take for one event, in milliseconds. After that the event counts as `late` and the next one is
   * delivered, although the sink may still write the late one. @default 5000
   */
  readonly timeout?: number;
  /** How many events the sink handles at a time. With more than 1 they may be written out of order. @default 1 */
  readonly concurrency?: number;
  /** Called synchronously for each lost event. Exceptions that it throws are ignored. @default none */
  readonly onLoss?: (event: AuditEvent, loss: AuditLoss) => void;
};

const names: OptionNames<BoundedSinkOptions> = { capacity: true, timeout: true, concurrency: true, onLoss: true };

/** Event counts of a bounded sink. Each event is counted under exactly one of these. */
export type BoundedSinkCounts = {
  /** The sink accepted the event in time. */
  readonly delivered: number;
  /** The event is queued, or the sink is processing it. */
  readonly pending: number;
  /** The queue was full: the sink was never called. */
  readonly dropped: number;
  /** The sink threw or rejected. */
  readonly failed: number;
  /** The sink did not finish in time. It may or may not have written the event. */
  readonly late: number;
};

/** An audit sink with a bounded queue. */
export type BoundedSink = AuditSink & {
  /** The current counts. */
  counts(): BoundedSinkCounts;
  /** How many events may be missing: the sum of `dropped`, `failed` and `late`. */
  dropped(): number;
  /** Resolves when no event is pending. Call it before the process exits. */
  idle(): Promise<void>;
};

/**
 * Puts a bounded queue in front of an audit sink that may be slow, hang or throw. Calls return at once, at most `capacity`
 * events wait, and lost events are counted.
 *
 * @throws SignatureError `invalid_configuration` for an unknown option or a number out of range.
 * @example
 * import { boundedSink, jsonLinesSink } from 'countersign/server';
 *
 * const audit = boundedSink(jsonLinesSink(process.stdout), { capacity: 500 });
 * process.on('SIGTERM', () => audit.idle().then(() => process.exit()));
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
  let waitingForIdle: (() => void)[] = [];

  const lose = (event: AuditEvent, loss: AuditLoss): void => {
    counted[loss]++;
    // A callback that throws must not lose further events.
    ignoreFailure(() => onLoss?.(event, loss));
  };

  async function deliver(event: AuditEvent): Promise<void> {
    const outcome = await deliverInTime(sink, event, timeout);
    if (outcome === 'delivered') counted.delivered++;
    else lose(event, outcome);
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
    for (const resolve of waitingForIdle) resolve();
    waitingForIdle = [];
  }

  const enqueue = (event: AuditEvent): void => {
    // Copied, so that an event that is passed in twice has two entries in the Set.
    if (waiting.size < capacity) waiting.add(Object.freeze({ ...event }));
    else lose(event, 'dropped');
    next();
  };
  return Object.assign(enqueue, {
    counts: () => ({ ...counted, pending: waiting.size + running }),
    dropped: () => counted.dropped + counted.failed + counted.late,
    idle: () =>
      new Promise<void>((resolve) => {
        if (waiting.size + running) waitingForIdle.push(resolve);
        else resolve();
      }),
  });
}

async function deliverInTime(
  sink: AuditSink,
  event: AuditEvent,
  timeout: number,
): Promise<'delivered' | 'failed' | 'late'> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(resolve, timeout, 'late');
  });
  const delivery = new Promise<void>((resolve) => resolve(sink(event))).then(
    () => 'delivered' as const,
    () => 'failed' as const,
  );
  const outcome = await Promise.race([delivery, late]);
  clearTimeout(timer);
  return outcome;
}
