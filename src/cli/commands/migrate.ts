import type { Kysely, MigrationInfo, Migrator } from 'kysely';
import { fail } from '../../core/errors.ts';
import { sqlMigrations } from '../../sql/migrations.ts';
import { toStoreError } from '../../stores/store-fault.ts';
import { command } from '../command.ts';
import { databaseOptions, withDatabase } from '../database.ts';
import { columns, printFor, type Result } from '../output.ts';
import { formatTime } from '../times.ts';

export const migrate = command({
  name: 'migrate',
  summary: 'Creates or updates the tables for keys, nonces and audit events',
  options: {
    list: { type: 'flag', help: 'Lists all migrations and when each was run, without changes.' },
    'dry-run': { type: 'flag', help: 'Lists the migrations that would be run, without changes.' },
    ...databaseOptions,
  },
  examples: ['migrate --dry-run', 'migrate --database keys.sqlite'],
  run(given) {
    const looks = given.list || given['dry-run'];
    return withDatabase(given, { missing: looks ? 'pretend' : 'create' }, async (database) => {
      const migrator = await migratorOf(database, given.schema);
      const found = await migrationsOf(migrator);
      const pending = found.filter(({ executedAt }) => !executedAt).map(({ name }) => name);
      if (given.list) printFor(given, toList(found));
      else if (given['dry-run']) printFor(given, { value: { pending }, text: inWords(pending, 'pending') });
      else {
        const done = await runMigrations(migrator);
        printFor(given, { value: { done }, text: inWords(done, 'done') });
      }
      return 0;
    });
  },
});

async function migratorOf(db: Kysely<object>, schema: string | undefined): Promise<Migrator> {
  const { Migrator } = await import('kysely');
  return new Migrator({
    db,
    provider: sqlMigrations(schema === undefined ? {} : { schema }),
    // Separate from the application's own migrations: docs/stores.md.
    migrationTableName: 'countersign_migrations',
    migrationLockTableName: 'countersign_migrations_lock',
    ...(schema !== undefined && { migrationTableSchema: schema }),
  });
}

const migrationsOf = (migrator: Migrator): Promise<readonly MigrationInfo[]> =>
  migrator.getMigrations().catch(unreachable);

async function runMigrations(migrator: Migrator): Promise<readonly string[]> {
  const { error, results = [] } = await migrator.migrateToLatest();
  const failed = results.find(({ status }) => status === 'Error');
  if (failed) {
    return fail('key_store_unavailable', `The migration ${failed.migrationName} failed.`, 503, error);
  }
  return error ? unreachable(error) : results.map(({ migrationName }) => migrationName);
}

const unreachable = (cause: unknown): never =>
  fail('key_store_unavailable', toStoreError('The database', cause), 503, cause);

function toList(found: readonly MigrationInfo[]): Result {
  const migrations = found.map(({ name, executedAt }) => ({
    name,
    ...(executedAt && { doneAt: formatTime(executedAt.getTime()) }),
  }));
  const text = columns(migrations.map(({ name, doneAt }) => [name, doneAt ?? 'pending']));
  return { value: { migrations }, text };
}

const inWords = (names: readonly string[], word: string): string =>
  names.length ? columns(names.map((name) => [name, word])) : 'The tables are up to date.';
