import { fail } from '../core/errors.ts';
import type { ReplayStore } from '../server/contracts.ts';
import { checkClaimEnd, claimId } from '../stores/claim.ts';
import { toStoreError } from '../stores/store-fault.ts';
import { withTimeout } from '../stores/with-timeout.ts';
import { insertOnce, isOneRowChanged } from './insert-once.ts';
import { removeAllExpired, removeExpired } from './remove-expired.ts';
import { type OpenedTables, openTables, type SqlOptions } from './tables.ts';

/** The database of a replay store, and how long a claim may take. */
export type SqlReplayOptions<Schemas> = SqlOptions<Schemas> & {
  /** How long to wait for the database, in milliseconds; then the request is refused with 503. @default 1000 */
  readonly timeout?: number;
  /** The time in milliseconds since the epoch. Must be the verifier's clock. @default Date.now */
  readonly clock?: () => number;
};

/** A replay store in a database. */
export type SqlReplay = ReplayStore & {
  /**
   * Removes expired nonces, a few hundred rows at a time. Claims also do this now and then.
   *
   * @returns the number of removed rows.
   */
  prune(): Promise<number>;
};

/** Number of claims after which a batch is removed: half a batch of 500, so that expired rows cannot accumulate. */
const claimsPerBatch = 250;
/**
 * Remembers nonces in a table of {@link sqlMigrations}, for any number of servers. A claim is one atomic insert.
 *
 * @throws SignatureError `invalid_configuration`. Its `claim` throws `replay_store_unavailable` if the database does not respond in
 * time, or responds with an error; the message says which.
 * @example
 * import { DatabaseSync } from 'node:sqlite';
 * import { nodeSqlite, sqlReplay } from 'countersign/sql';
 * import { Kysely, SqliteDialect } from 'kysely';
 *
 * const database = new Kysely({ dialect: new SqliteDialect({ database: nodeSqlite(new DatabaseSync('nonces.sqlite')) }) });
 * const replay = sqlReplay({ database });
 */
export function sqlReplay<Schemas>(options: SqlReplayOptions<Schemas>): SqlReplay {
  const { timeout = 1000, clock = () => Date.now() } = options;
  if (!(timeout > 0)) fail('invalid_configuration', 'timeout must be a positive number of milliseconds.');
  const database = openTables(options);
  let claims = 0;
  return {
    async claim(accessKey, nonce, expiresAt) {
      const now = clock();
      const until = checkClaimEnd(expiresAt, now);
      const row = { id: claimId(accessKey, nonce), expires_at: until };
      const fresh = await withTimeout(claimRow(database, row, now), timeout).catch(refused);
      if (++claims % claimsPerBatch === 0) removeExpired(database, 'countersign_nonces', now).catch(() => {});
      return fresh ? 'fresh' : 'seen';
    },
    prune: () => removeAllExpired(database, 'countersign_nonces', clock).catch(refused),
  };
}

type ClaimRow = { readonly id: string; readonly expires_at: number };

/** Inserts the row, or takes over an expired one. */
async function claimRow(database: OpenedTables, row: ClaimRow, now: number): Promise<boolean> {
  const { tables, dialect } = database;
  if (dialect !== 'mysql') {
    const insert = tables.insertInto('countersign_nonces').values(row);
    return isOneRowChanged(
      insert.onConflict((conflict) =>
        conflict
          .column('id')
          .doUpdateSet({ expires_at: row.expires_at })
          .where('countersign_nonces.expires_at', '<=', now),
      ),
    );
  }
  // The row count of `on duplicate key update` depends on a connection flag: it may include unchanged rows.
  if (await insertOnce(database, 'countersign_nonces', row)) return true;
  const { numUpdatedRows } = await tables
    .updateTable('countersign_nonces')
    .set({ expires_at: row.expires_at })
    .where('id', '=', row.id)
    .where('expires_at', '<=', now)
    .executeTakeFirst();
  return Number(numUpdatedRows) === 1;
}

const refused = (cause: unknown): never =>
  unavailable(
    `${toStoreError('The database', cause)} Is it up, and are the migrations of countersign_nonces done?`,
    cause,
  );

const unavailable = (message: string, cause?: unknown): never => fail('replay_store_unavailable', message, 503, cause);
