import type { AuditEvent, AuditSink } from '../contracts.ts';

/**
 * Tells several sinks of every attempt, all at once. One that fails keeps nothing from the others, and the sink as a whole
 * then fails with an AggregateError, after all have been told.
 */
export function combineSinks(sinks: readonly AuditSink[]): AuditSink {
  const all = [...sinks];
  return (event) => {
    const failures: unknown[] = [];
    const failed = (reason: unknown): void => {
      failures.push(reason);
    };
    const waiting = all.map((sink) => told(sink, event, failed)).filter((answer) => answer !== undefined);
    return waiting.length ? Promise.all(waiting).then(() => complain(failures)) : complain(failures);
  };
}

function told(sink: AuditSink, event: AuditEvent, failed: (reason: unknown) => void): Promise<void> | undefined {
  try {
    const answer = sink(event);
    return answer instanceof Promise ? answer.catch(failed) : undefined;
  } catch (reason) {
    failed(reason);
    return undefined;
  }
}

function complain(failures: readonly unknown[]): void {
  if (failures.length) throw new AggregateError(failures, `${failures.length} audit sinks failed.`);
}
