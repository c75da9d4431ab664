import type { InsertObject } from 'kysely';
import { hex } from '../core/encoding.ts';
import type { AuditEvent } from '../server/contracts.ts';
import { type OpenedTables, openTables, type SqlOptions, type Tables } from './tables.ts';

/**
 * An audit that writes one row for each event into a table that {@link sqlMigrations} makes. Put it behind `boundedSink`: it
 * lets any number of events wait for the database, and hears of no loss.
 *
 * @throws SignatureError `invalid_configuration`
 */
export function sqlAudit<Schemas>(options: SqlOptions<Schemas>): (event: AuditEvent) => Promise<void> {
  const { tables, text } = openTables(options);
  return async (event) => {
    await tables.insertInto('countersign_audit').values(rowOf(event, text)).execute();
  };
}

// Each column by name, so that nothing gets in that an event does not have.
function rowOf(event: AuditEvent, text: OpenedTables['text']): InsertObject<Tables, 'countersign_audit'> {
  // PostgreSQL takes no U+0000 in a text, and a stranger must not be able to keep an event out. Columns have 512 characters and more.
  const free = (value: string) => text(value.replaceAll('\0', '\ufffd'));
  const optional = (value: string | undefined) => (value === undefined ? null : free(value));
  return {
    id: idOf(event.time),
    time: event.time,
    duration: event.duration,
    outcome: event.outcome,
    code: event.code ?? null,
    message: optional(event.message),
    method: free(event.method),
    path: free(event.path),
    access_key: optional(event.accessKey),
    service: optional(event.service),
    scheme: optional(event.scheme),
    secret_id: optional(event.secretId),
    nonce: optional(event.nonce),
    address: optional(event.address),
  };
}

// Sorts by time, so that new rows go to the end of the index.
const idOf = (time: number): string =>
  Math.max(0, Math.floor(time)).toString(16).padStart(12, '0') + hex(crypto.getRandomValues(new Uint8Array(10)));
