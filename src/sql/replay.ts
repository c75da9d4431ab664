import { fail } from '../core/errors.ts';
import type { ReplayStore } from '../server/contracts.ts';
import { claimId } from '../stores/claim-id.ts';
import { toStoreError } from '../stores/store-fault.ts';
import { withTimeout } from '../stores/with-timeout.ts';
import { insertOnce, isOneRowChanged } from './insert-once.ts';
import { type OpenedTables, openTables, type SqlOptions } from './tables.ts';

/** Where nonces are remembered, and how long a claim may take. */
export type SqlReplayOptions<Schemas> = SqlOptions<Schemas> & {
  /** After how many milliseconds without an answer a request is refused. @default 1000 */
  readonly timeout?: number;
  /** The time in milliseconds since the epoch; the verifier's. @default Date.now */
  readonly clock?: () => number;
};

/** A replay store in a database. */
export type SqlReplay = ReplayStore & {
  /**
   * Removes what need not be remembered any more, a few hundred rows at a time. Claims do it by themselves, once in a while.
   *
   * @returns how many rows it removed.
   */
  prune(): Promise<number>;
};

/** How many rows one statement removes; SQLite has a limit to the values of one. */
const batch = 500;
/** A batch is removed each time that so many have been claimed: half as many as a batch, so that old ones cannot pile up. */
const claimsPerBatch = 250;
/** How long rows stay beyond their end: a server whose clock is ahead must not make another forget (ms). */
const grace = 600_000;

/**
 * Remembers nonces in a table that {@link sqlMigrations} makes, for any number of servers. A claim is one atomic insert.
 *
 * @throws SignatureError `invalid_configuration`; and (its `claim`) `replay_store_unavailable` where the database does not respond
 * in time, or responds with an error: the message says which.
 */
export function sqlReplay<Schemas>(options: SqlReplayOptions<Schemas>): SqlReplay {
  const { timeout = 1000, clock = () => Date.now() } = options;
  if (!(timeout > 0)) fail('invalid_configuration', 'timeout must be a positive number of milliseconds.');
  const database = openTables(options);
  let claims = 0;
  return {
    async claim(accessKey, nonce, expiresAt) {
      const now = clock();
      const until = Math.ceil(expiresAt);
      if (!(until > now && Number.isSafeInteger(until))) {
        unavailable('The replay store and the verifier must have the same clock.');
      }
      const row = { id: claimId(accessKey, nonce), expires_at: until };
      const fresh = await withTimeout(claimed(database, row, now), timeout).catch(refused);
      if (++claims % claimsPerBatch === 0) removed(database, now).catch(() => {});
      return fresh ? 'fresh' : 'seen';
    },
    async prune() {
      let total = 0;
      for (let count = batch; count === batch; total += count) {
        count = await removed(database, clock()).catch(refused);
      }
      return total;
    },
  };
}

type Claimed = { readonly id: string; readonly expires_at: number };

/** Inserts the row, or takes over one that is over. */
async function claimed(database: OpenedTables, row: Claimed, now: number): Promise<boolean> {
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
  // What `on duplicate key update` reports depends on a flag of the connection: it may count a row that stays as it was.
  if (await insertOnce(database, 'countersign_nonces', row)) return true;
  const { numUpdatedRows } = await tables
    .updateTable('countersign_nonces')
    .set({ expires_at: row.expires_at })
    .where('id', '=', row.id)
    .where('expires_at', '<=', now)
    .executeTakeFirst();
  return Number(numUpdatedRows) === 1;
}

async function removed({ tables }: OpenedTables, now: number): Promise<number> {
  const end = now - grace;
  const old = await tables
    .selectFrom('countersign_nonces')
    .select('id')
    .where('expires_at', '<=', end)
    .orderBy('expires_at')
    .limit(batch)
    .execute();
  if (old.length === 0) return 0;
  // In one order everywhere, so that two servers at it do not wait for each other.
  const ids = old.map(({ id }) => id).sort();
  // One may have been claimed anew since.
  await tables.deleteFrom('countersign_nonces').where('id', 'in', ids).where('expires_at', '<=', end).execute();
  return old.length;
}

const refused = (cause: unknown): never =>
  unavailable(
    `${toStoreError('The database', cause)} Is it up, and are the migrations of countersign_nonces done?`,
    cause,
  );

const unavailable = (message: string, cause?: unknown): never => fail('replay_store_unavailable', message, 503, cause);
