import { fail } from '../core/errors.ts';
import type { AskedSession } from '../server/contracts.ts';
import { claimId } from '../stores/claim.ts';
import { type RevocablePrincipal, toRevokedSession } from '../stores/revoked-session.ts';
import { toStoreError } from '../stores/store-fault.ts';
import { withTimeout } from '../stores/with-timeout.ts';
import { insertOnce } from './insert-once.ts';
import { removeAllExpired, removeExpired } from './remove-expired.ts';
import { type OpenedTables, openTables, type SqlOptions } from './tables.ts';

/** The database of revoked sessions, and how long a statement may take. */
export type SqlRevokedSessionsOptions<Schemas> = SqlOptions<Schemas> & {
  /** How long to wait for the database, in milliseconds; then the request is refused with 503. @default 1000 */
  readonly timeout?: number;
  /** The time in milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
};

/** Revoked sessions in a database. Created by {@link sqlRevokedSessions}. */
export type SqlRevokedSessions = {
  /** True if the session was revoked. */
  has(session: AskedSession): Promise<boolean>;
  /**
   * Revokes the session of a principal, on all servers. Sessions that were narrowed from it end too.
   *
   * @param principal.accessKey of the parent.
   * @param principal.session.expiresAt when the session ends by itself, in milliseconds since the epoch; some minutes later it is
   * forgotten. Of two ends the later counts.
   * @throws SignatureError `session_store_unavailable`; `invalid_configuration` for a malformed id or time, and if there is no session.
   */
  revoke(principal: RevocablePrincipal): Promise<void>;
  /**
   * Removes sessions that have ended, a few hundred rows at a time. Each `revoke` also removes some.
   *
   * @returns the number of removed rows.
   */
  prune(): Promise<number>;
};

const table = 'countersign_revoked_sessions';

/**
 * Remembers revoked sessions in a table of {@link sqlMigrations} until they end, for any number of servers.
 *
 * @throws SignatureError `invalid_configuration`. Its functions throw `session_store_unavailable` if the database does not respond in
 * time, or responds with an error; the message says which.
 * @example
 * import { DatabaseSync } from 'node:sqlite';
 * import { nodeSqlite, sqlRevokedSessions } from 'countersign/sql';
 * import { Kysely, SqliteDialect } from 'kysely';
 *
 * const database = new Kysely({ dialect: new SqliteDialect({ database: nodeSqlite(new DatabaseSync('sessions.sqlite')) }) });
 * const revokedSessions = sqlRevokedSessions({ database });
 */
export function sqlRevokedSessions<Schemas>(options: SqlRevokedSessionsOptions<Schemas>): SqlRevokedSessions {
  const { timeout = 1000, clock = () => Date.now() } = options;
  if (!(timeout > 0)) fail('invalid_configuration', 'timeout must be a positive number of milliseconds.');
  const database = openTables(options);
  return {
    async has({ accessKey, id }) {
      const found = database.tables.selectFrom(table).select('id').where('id', '=', claimId(accessKey, id));
      const row = await withTimeout(found.executeTakeFirst(), timeout).catch(refused);
      return row !== undefined;
    },
    async revoke(principal) {
      const now = clock();
      const { accessKey, id, until } = toRevokedSession(principal, now);
      await withTimeout(keep(database, { id: claimId(accessKey, id), expires_at: until }), timeout).catch(refused);
      removeExpired(database, table, now).catch(() => {});
    },
    prune: () => removeAllExpired(database, table, clock).catch(refused),
  };
}

type Row = { readonly id: string; readonly expires_at: number };

/** Inserts the row, or sets a later end of the one that exists. */
async function keep(database: OpenedTables, row: Row): Promise<void> {
  if (await insertOnce(database, table, row)) return;
  await database.tables
    .updateTable(table)
    .set({ expires_at: row.expires_at })
    .where('id', '=', row.id)
    .where('expires_at', '<', row.expires_at)
    .execute();
  // It may have been removed in the meantime.
  await insertOnce(database, table, row);
}

const refused = (cause: unknown): never =>
  fail(
    'session_store_unavailable',
    `${toStoreError('The database', cause)} Is it up, and are the migrations of countersign_revoked_sessions done?`,
    503,
    cause,
  );
