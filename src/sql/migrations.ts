import type { Kysely, Migration, MigrationProvider, SchemaModule } from 'kysely';
import { rawSql } from './raw-sql.ts';
import { type Dialect, openTables } from './tables.ts';

/** Changes the schema of one database. */
type Step = (schema: SchemaModule, types: ColumnTypes, dialect: Dialect) => Promise<void>;

/** Column types, by purpose: one common type name, or a type per database. */
type ColumnTypes = Readonly<Record<'name' | 'owner' | 'text' | 'label', ReturnType<typeof rawSql>>>;

/**
 * The tables of this package, for Kysely's `Migrator`. Set `migrationTableName` and `migrationLockTableName` to names that your own
 * migrator does not use: otherwise Kysely treats your migrations and these as one list.
 *
 * @param options.schema the schema to create the tables in; it must exist. @default the connection's own
 * @example
 * import { DatabaseSync } from 'node:sqlite';
 * import { nodeSqlite, sqlMigrations } from 'countersign/sql';
 * import { Kysely, Migrator, SqliteDialect } from 'kysely';
 *
 * const db = new Kysely({ dialect: new SqliteDialect({ database: nodeSqlite(new DatabaseSync('keys.sqlite')) }) });
 * const names = { migrationTableName: 'countersign_migrations', migrationLockTableName: 'countersign_migrations_lock' };
 * const { error } = await new Migrator({ db, provider: sqlMigrations(), ...names }).migrateToLatest();
 */
export function sqlMigrations(options: { readonly schema?: string } = {}): MigrationProvider {
  const migration = (up: Step, down: Step): Migration => {
    const run = (step: Step) => async (database: Kysely<unknown>) => {
      const { tables, dialect } = openTables({ database, ...options });
      await step(tables.schema, columnTypes[dialect], dialect);
    };
    return { up: run(up), down: run(down) };
  };
  const table = (name: string, create: Step) => migration(create, (schema) => schema.dropTable(name).execute());
  const migrations = {
    countersign_0001_keys: table('countersign_keys', createKeys),
    countersign_0002_nonces: table('countersign_nonces', createNonces),
    countersign_0003_audit: table('countersign_audit', createAudit),
    countersign_0004_audit_sessions: migration(addSessions, removeSessions),
    countersign_0005_revoked_sessions: table('countersign_revoked_sessions', createRevokedSessions),
  };
  return { getMigrations: async () => migrations };
}

async function createKeys(schema: SchemaModule, { name, owner, text }: ColumnTypes): Promise<void> {
  await schema
    .createTable('countersign_keys')
    .addColumn('access_key', name, (column) => column.primaryKey())
    .addColumn('service', owner, (column) => column.notNull())
    .addColumn('stored', text, (column) => column.notNull())
    .addColumn('version', 'bigint', (column) => column.notNull())
    .addColumn('used_at', 'bigint')
    .execute();
}

async function createNonces(schema: SchemaModule): Promise<void> {
  await schema
    .createTable('countersign_nonces')
    .addColumn('id', 'varchar(64)', (column) => column.primaryKey())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .execute();
  await index(schema, 'countersign_nonces', 'expires_at');
}

async function createAudit(schema: SchemaModule, { text, label }: ColumnTypes): Promise<void> {
  await schema
    .createTable('countersign_audit')
    .addColumn('id', 'varchar(32)', (column) => column.primaryKey())
    .addColumn('time', 'bigint', (column) => column.notNull())
    .addColumn('duration', 'double precision', (column) => column.notNull())
    .addColumn('outcome', 'varchar(16)', (column) => column.notNull())
    .addColumn('code', 'varchar(64)')
    .addColumn('message', text)
    .addColumn('method', text, (column) => column.notNull())
    .addColumn('path', text, (column) => column.notNull())
    .addColumn('access_key', label)
    .addColumn('service', label)
    .addColumn('scheme', text)
    .addColumn('secret_id', text)
    .addColumn('nonce', text)
    .addColumn('address', text)
    .execute();
  await index(schema, 'countersign_audit', 'time');
  await index(schema, 'countersign_audit', 'access_key');
}

/** Columns for the session and its subject. They are null in older rows. */
async function addSessions(schema: SchemaModule, { label }: ColumnTypes): Promise<void> {
  for (const column of sessionColumns) {
    await schema.alterTable('countersign_audit').addColumn(column, label).execute();
    await index(schema, 'countersign_audit', column);
  }
}

async function removeSessions(schema: SchemaModule, _: ColumnTypes, dialect: Dialect): Promise<void> {
  for (const column of sessionColumns) {
    // The others drop the index with its column.
    if (dialect === 'sqlite') await schema.dropIndex(`countersign_audit_by_${column}`).execute();
    await schema.alterTable('countersign_audit').dropColumn(column).execute();
  }
}

const sessionColumns = ['session_id', 'subject'] as const;

async function createRevokedSessions(schema: SchemaModule): Promise<void> {
  await schema
    .createTable('countersign_revoked_sessions')
    .addColumn('id', 'varchar(64)', (column) => column.primaryKey())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .execute();
  await index(schema, 'countersign_revoked_sessions', 'expires_at');
}

async function index(schema: SchemaModule, table: string, column: string): Promise<void> {
  await schema.createIndex(`${table}_by_${column}`).on(table).column(column).execute();
}

/**
 * Names are compared and sorted byte by byte. In text columns, and in most binary collations, MySQL and MariaDB treat `KEY` and
 * `key ` as `key`, so names are bytes there. PostgreSQL would sort by locale.
 */
const columnTypes: Readonly<Record<Dialect, ColumnTypes>> = {
  postgres: {
    name: rawSql('varchar(255) collate "C"'),
    owner: rawSql('varchar(255) collate "C"'),
    text: rawSql('text'),
    label: rawSql('varchar(512)'),
  },
  mysql: {
    name: rawSql('varbinary(255)'),
    owner: rawSql('varbinary(1020)'),
    text: rawSql('mediumtext character set utf8mb4 collate utf8mb4_bin'),
    label: rawSql('varchar(512) character set utf8mb4 collate utf8mb4_bin'),
  },
  sqlite: { name: rawSql('text'), owner: rawSql('text'), text: rawSql('text'), label: rawSql('text') },
};
