import type { InsertObject } from 'kysely';
import { hex } from '../core/encoding.ts';
import type { AuditEvent } from '../server/contracts.ts';
import { type OpenedTables, openTables, type SqlOptions, type Tables } from './tables.ts';

/**
 * An audit sink that writes one row per event into a table of {@link sqlMigrations}. Put it behind `boundedSink`: by itself it
 * lets any number of events wait for the database, and does not report losses.
 *
 * @throws SignatureError `invalid_configuration`
 * @example
 * import { DatabaseSync } from 'node:sqlite';
 * import { boundedSink } from 'countersign/server';
 * import { nodeSqlite, sqlAudit } from 'countersign/sql';
 * import { Kysely, SqliteDialect } from 'kysely';
 *
 * const database = new Kysely({ dialect: new SqliteDialect({ database: nodeSqlite(new DatabaseSync('audit.sqlite')) }) });
 * const audit = boundedSink(sqlAudit({ database }));
 */
export function sqlAudit<Schemas>(options: SqlOptions<Schemas>): (event: AuditEvent) => Promise<void> {
  const { tables, text } = openTables(options);
  return async (event) => {
    await tables.insertInto('countersign_audit').values(rowOf(event, text)).execute();
  };
}

// Column by column, so that unexpected members of an event are not stored.
function rowOf(event: AuditEvent, text: OpenedTables['text']): InsertObject<Tables, 'countersign_audit'> {
  // PostgreSQL refuses U+0000 in text, and a caller must not be able to suppress an event. Columns have at least 512 characters.
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
    // Only where there is a session, so that other events are stored before the migration as well.
    ...(event.sessionId !== undefined && { session_id: free(event.sessionId), subject: optional(event.subject) }),
  };
}

// Sorts by time, so that new rows are appended to the end of the index.
const idOf = (time: number): string =>
  Math.max(0, Math.floor(time)).toString(16).padStart(12, '0') + hex(crypto.getRandomValues(new Uint8Array(10)));
