import type { AuditEvent, AuditSink } from '../contracts.ts';

/**
 * Combines several sinks into one that passes each event to all of them, in parallel. A sink that fails does not affect the
 * others; when all have finished, the combined sink throws or rejects with an AggregateError.
 *
 * @example
 * import { combineSinks, countingSink, jsonLinesSink } from 'countersign/server';
 *
 * const counts = countingSink();
 * const audit = combineSinks([counts, jsonLinesSink(process.stdout)]);
 */
export function combineSinks(sinks: readonly AuditSink[]): AuditSink {
  const all = [...sinks];
  return (event) => {
    const failures: unknown[] = [];
    const failed = (reason: unknown): void => {
      failures.push(reason);
    };
    const pending = all.map((sink) => callSink(sink, event, failed)).filter((result) => result !== undefined);
    return pending.length ? Promise.all(pending).then(() => throwFailures(failures)) : throwFailures(failures);
  };
}

function callSink(sink: AuditSink, event: AuditEvent, failed: (reason: unknown) => void): Promise<void> | undefined {
  try {
    const result = sink(event);
    return result instanceof Promise ? result.catch(failed) : undefined;
  } catch (reason) {
    failed(reason);
    return undefined;
  }
}

function throwFailures(failures: readonly unknown[]): void {
  if (failures.length) throw new AggregateError(failures, `${failures.length} audit sinks failed.`);
}
