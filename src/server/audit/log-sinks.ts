import type { AuditEvent, AuditSink } from '../contracts.ts';

/** A logger of pino, or one that is called as pino is. */
export type AuditLogger = {
  info(fields: { readonly audit: AuditEvent }, message: string): void;
  warn(fields: { readonly audit: AuditEvent }, message: string): void;
};

/**
 * Tells a logger: `info` of what was accepted, `warn` of what was refused or would have been. The event is in the field `audit`,
 * for a logger has a `time` of its own, and two fields of one name are not JSON that everything can read.
 */
export function loggerSink(logger: AuditLogger): AuditSink {
  return (audit) => {
    if (audit.outcome === 'accepted') logger.info({ audit }, 'request accepted');
    else logger.warn({ audit }, `request ${audit.outcome}: ${audit.code}`);
  };
}

/** What lines are written to, such as a stream of Node: `process.stdout`, or one that appends to a file. */
export type LineWriter = {
  /** `false` asks to wait for the event `drain`, where there is `once`; a promise is waited for. */
  write(line: string): unknown;
  once?(event: 'drain', listener: () => void): unknown;
};

/**
 * Writes every event as JSON in a line of its own. Members without a value are left out. The line is ASCII without control
 * characters, whatever the caller sent, so that no request can forge a line or take over a terminal.
 */
export function jsonLinesSink(writer: LineWriter): AuditSink {
  return (event) => {
    const answer = writer.write(`${asciiOf(JSON.stringify(event))}\n`);
    if (answer instanceof Promise) return answer.then(() => undefined);
    return answer === false ? drained(writer) : undefined;
  };
}

const drained = (writer: LineWriter): Promise<void> | undefined =>
  writer.once && new Promise((resolve) => writer.once?.('drain', resolve));

// Only in strings can JSON hold such characters, and there each may be escaped (RFC 8259 section 7).
const asciiOf = (json: string): string =>
  json.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
