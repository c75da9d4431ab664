import { hex } from '../core/encoding.ts';
import type { AuditEvent } from '../server/contracts.ts';
import { type AuditRow, openTables, type SqlOptions } from './tables.ts';

/**
 * An audit that writes one row for each event into a table that {@link sqlMigrations} makes. Put it behind `boundedSink`: it
 * lets any number of events wait for the database, and hears of no loss.
 *
 * @throws SignatureError `invalid_configuration`
 */
export function sqlAudit<Schemas>(options: SqlOptions<Schemas>): (event: AuditEvent) => Promise<void> {
  const { tables } = openTables(options);
  return async (event) => {
    await tables.insertInto('countersign_audit').values(rowOf(event)).execute();
  };
}

// Each column by name, so that nothing gets in that an event does not have.
const rowOf = (event: AuditEvent): AuditRow => ({
  id: idOf(event.time),
  time: event.time,
  duration: event.duration,
  outcome: event.outcome,
  code: event.code ?? null,
  message: text(event.message),
  method: text(event.method) ?? '',
  path: text(event.path) ?? '',
  access_key: text(event.accessKey),
  service: text(event.service),
  scheme: text(event.scheme),
  secret_id: text(event.secretId),
  nonce: text(event.nonce),
  address: text(event.address),
});

// Sorts by time, so that new rows go to the end of the index.
const idOf = (time: number): string =>
  Math.max(0, Math.floor(time)).toString(16).padStart(12, '0') + hex(crypto.getRandomValues(new Uint8Array(10)));

// PostgreSQL takes no U+0000 in a text, and a stranger must not be able to keep an event out. Columns have 512 characters and more.
const text = (value: string | undefined): string | null => value?.replaceAll('\0', '\ufffd') ?? null;
