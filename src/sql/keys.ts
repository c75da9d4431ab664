import { fail, SignatureError } from '../core/errors.ts';
import type { KeyTable, StoredKey } from '../server/keys/key-table.ts';
import { toStoreError } from '../stores/store-fault.ts';
import { insertOnce } from './insert-once.ts';
import { type OpenedTables, openTables, type SqlOptions, type Tables } from './tables.ts';

type Row = Pick<Tables['countersign_keys'], 'stored' | 'version' | 'used_at'>;

/**
 * Where `managedKeys` keeps keys: a table that {@link sqlMigrations} makes. Any number of servers may change keys at once.
 *
 * @throws SignatureError `invalid_configuration`; and (its functions) `key_store_unavailable` where the database does not
 * respond, responds with an error, or with what is no key.
 */
export function sqlKeys<Schemas>(options: SqlOptions<Schemas>): KeyTable {
  const database = openTables(options);
  const { tables, text } = database;
  const select = () => tables.selectFrom('countersign_keys').select(['stored', 'version', 'used_at']);
  return {
    read: (accessKey) =>
      answered(async () => {
        const row = await select().where('access_key', '=', text(accessKey)).executeTakeFirst();
        const key = row && keyOf(row);
        if (key && key.accessKey !== accessKey) damaged();
        return key;
      }),
    insert: (key) =>
      answered(() =>
        insertOnce(database, 'countersign_keys', { ...columns(key, text), used_at: key.lastUsedAt ?? null }),
      ),
    replace: (key) =>
      answered(async () => {
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
      answered(async () => {
        const result = await tables
          .deleteFrom('countersign_keys')
          .where('access_key', '=', text(accessKey))
          .where('version', '=', version)
          .executeTakeFirst();
        return Number(result.numDeletedRows) === 1;
      }),
    list: ({ service, after = '', limit = 100 }) =>
      answered(async () => {
        const later = select().where('access_key', '>', text(after)).orderBy('access_key').limit(limit);
        const rows = await (service === undefined ? later : later.where('service', '=', text(service))).execute();
        return rows.map(keyOf);
      }),
    touch: (accessKey, at) =>
      answered(async () => {
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
    // The parser's message would quote what it found.
    return damaged();
  }
}

const damaged = (): never =>
  fail('key_store_unavailable', 'A row of countersign_keys holds something that is not its key.', 503);

async function answered<Value>(ask: () => Promise<Value>): Promise<Value> {
  try {
    return await ask();
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
