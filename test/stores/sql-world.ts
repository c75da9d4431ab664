import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sqlMigrations } from 'countersign/sql';
import { type Kysely, Migrator, sql } from 'kysely';
import { connect } from './sql-connect.ts';

/** One kind of database, in which new and empty ones can be made. */
export type World = {
  /** The URL of a new database, without any tables. */
  empty(): Promise<string>;
  /** Opens a database; closed with the world. */
  open(url: string, connections?: number): Kysely<unknown>;
  close(): Promise<void>;
};

/** @param server the URL of a database on the server in which databases are made; undefined for SQLite. */
export function worldOf(server: string | undefined): World {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-sql-'));
  const all: Kysely<unknown>[] = [];
  const open = (url: string, connections?: number): Kysely<unknown> => {
    const database = connect(url, connections);
    all.push(database);
    return database;
  };
  return {
    open,
    async empty() {
      const name = `countersign_${randomUUID().replaceAll('-', '')}`;
      if (!server) return `file:${folder}/${name}`;
      const admin = open(server, 1);
      await sql`create database ${sql.id(name)}`.execute(admin);
      return server.replace(/[^/]*$/, name);
    },
    async close() {
      for (const database of all) await database.destroy();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** As a user would: with tables of its own for what has been done. */
export const migratorOf = (database: Kysely<unknown>, schema?: string): Migrator =>
  new Migrator({
    db: database,
    provider: sqlMigrations(schema === undefined ? {} : { schema }),
    migrationTableName: 'countersign_migrations',
    migrationLockTableName: 'countersign_migrations_lock',
  });

export async function migrate(database: Kysely<unknown>): Promise<void> {
  const { error } = await migratorOf(database).migrateToLatest();
  if (error) throw error;
}
