import { fail, SignatureError } from '../core/errors.ts';
import type { KeyTable, StoredKey } from '../server/keys/key-table.ts';
import { toStoreError } from '../stores/store-fault.ts';
import { insertOnce } from './insert-once.ts';
import { type OpenedTables, openTables, type SqlOptions, type Tables } from './tables.ts';

type Row = Pick<Tables['countersign_keys'], 'stored' | 'version' | 'used_at'>;

/**
 * The storage of `managedKeys` in a table of {@link sqlMigrations}. Any number of servers may change keys concurrently.
 *
 * @throws SignatureError `invalid_configuration`. Its functions throw `key_store_unavailable` if the database does not respond,
 * responds with an error, or returns a row that is not a key.
 * @example
 * import { DatabaseSync } from 'node:sqlite';
 * import { nodeSqlite, sqlKeys } from 'countersign/sql';
 * import { Kysely, SqliteDialect } from 'kysely';
 *
 * const database = new Kysely({ dialect: new SqliteDialect({ database: nodeSqlite(new DatabaseSync('keys.sqlite')) }) });
 * const table = sqlKeys({ database });
 */
export function sqlKeys<Schemas>(options: SqlOptions<Schemas>): KeyTable {
  const database = openTables(options);
  const { tables, text } = database;
  const select = () => tables.selectFrom('countersign_keys').select(['stored', 'version', 'used_at']);
  return {
    read: (accessKey) =>
      query(async () => {
        const row = await select().where('access_key', '=', text(accessKey)).executeTakeFirst();
        const key = row && keyOf(row);
        if (key && key.accessKey !== accessKey) damaged();
        return key;
      }),
    insert: (key) =>
      query(() => insertOnce(database, 'countersign_keys', { ...columns(key, text), used_at: key.lastUsedAt ?? null })),
    replace: (key) =>
      query(async () => {
        const { access_key, ...changed } = columns(key, text);
        const result = await tables
          .updateTable('countersign_keys')
          .set(changed)
          .where('access_key', '=', access_key)
          .where('version', '=', key.version - 1)
          .executeTakeFirst();
        return Number(result.numUpdatedRows) === 1;
      }),
    delete: (accessKey, version) =>
      query(async () => {
        const result = await tables
          .deleteFrom('countersign_keys')
          .where('access_key', '=', text(accessKey))
          .where('version', '=', version)
          .executeTakeFirst();
        return Number(result.numDeletedRows) === 1;
      }),
    list: ({ service, after = '', limit = 100 }) =>
      query(async () => {
        const later = select().where('access_key', '>', text(after)).orderBy('access_key').limit(limit);
        const rows = await (service === undefined ? later : later.where('service', '=', text(service))).execute();
        return rows.map(keyOf);
      }),
    touch: (accessKey, at) =>
      query(async () => {
        await tables
          .updateTable('countersign_keys')
          .set({ used_at: at })
          .where('access_key', '=', text(accessKey))
          .where((row) => row.or([row('used_at', 'is', null), row('used_at', '<', at)]))
          .execute();
      }),
  };
}

const columns = ({ lastUsedAt: _, version, ...key }: StoredKey, text: OpenedTables['text']) => ({
  access_key: text(key.accessKey),
  service: text(key.service),
  stored: text(JSON.stringify(key)),
  version,
});

function keyOf({ stored, version, used_at }: Row): StoredKey {
  const key = parsed(stored);
  return { ...key, version: Number(version), ...(used_at !== null && { lastUsedAt: Number(used_at) }) };
}

function parsed(text: string): StoredKey {
  try {
    return JSON.parse(text) as StoredKey;
  } catch {
    // The message of the JSON parser would quote the stored text.
    return damaged();
  }
}

const damaged = (): never =>
  fail('key_store_unavailable', 'A row of countersign_keys contains something other than its key.', 503);

async function query<Value>(run: () => Promise<Value>): Promise<Value> {
  try {
    return await run();
  } catch (cause) {
    if (cause instanceof SignatureError) throw cause;
    return fail(
      'key_store_unavailable',
      `${toStoreError('The database', cause)} Is it up, and are the migrations of countersign_keys done?`,
      503,
      cause,
    );
  }
}
