import type { AuditEvent, AuditSink } from '../contracts.ts';

/** The part of a pino logger that `loggerSink` calls. */
export type AuditLogger = {
  info(fields: { readonly audit: AuditEvent }, message: string): void;
  warn(fields: { readonly audit: AuditEvent }, message: string): void;
};

/**
 * Logs accepted requests with `info`, and refused or reported ones with `warn`. The event is nested in the field `audit`:
 * loggers write a `time` of their own, and an object with two fields of one name is not interoperable JSON.
 *
 * @example
 * import { loggerSink } from 'countersign/server';
 * import pino from 'pino';
 *
 * const audit = loggerSink(pino());
 */
export function loggerSink(logger: AuditLogger): AuditSink {
  return (audit) => {
    if (audit.outcome === 'accepted') logger.info({ audit }, 'request accepted');
    else logger.warn({ audit }, `request ${audit.outcome}: ${audit.code}`);
  };
}

/** The part of a Node stream that `jsonLinesSink` calls: `process.stdout`, or a stream that appends to a file. */
export type LineWriter = {
  /** A returned promise is awaited. `false` means: wait for the event `drain`, if `once` exists. */
  write(line: string): unknown;
  once?(event: 'drain', listener: () => void): unknown;
};

/**
 * Writes each event as one line of JSON. Members that are undefined are left out. The line is printable ASCII for any
 * request, so that a caller can neither forge a line nor send control sequences to a terminal.
 *
 * @example
 * import { jsonLinesSink } from 'countersign/server';
 *
 * const audit = jsonLinesSink(process.stdout);
 */
export function jsonLinesSink(writer: LineWriter): AuditSink {
  return (event) => {
    const result = writer.write(`${escapeNonAscii(JSON.stringify(event))}\n`);
    if (result instanceof Promise) return result.then(() => undefined);
    return result === false ? drained(writer) : undefined;
  };
}

const drained = (writer: LineWriter): Promise<void> | undefined =>
  writer.once && new Promise((resolve) => writer.once?.('drain', resolve));

// JSON.stringify emits such characters only inside strings, where any of them may be escaped (RFC 8259 section 7).
const escapeNonAscii = (json: string): string =>
  json.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
