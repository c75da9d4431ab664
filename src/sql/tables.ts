import type { Expression, Kysely } from 'kysely';
import { hex, utf8 } from '../core/encoding.ts';
import { fail } from '../core/errors.ts';
import { written } from './written.ts';

/** The caller's database. */
export type SqlOptions<Schemas> = {
  /** Kysely over PostgreSQL, MySQL, MariaDB or SQLite. Its plugins see nothing of what is done here. */
  readonly database: Kysely<Schemas>;
  /** The schema (in MySQL: the database) that has the tables. @default the connection's own */
  readonly schema?: string;
};

/** Columns that are read or written; a table may have others, which are left alone. */
export type Tables = {
  readonly countersign_keys: {
    readonly access_key: string;
    readonly service: string;
    /** The key as JSON, without what the other columns hold that change by themselves. */
    readonly stored: string;
    readonly version: Time;
    readonly used_at: Time | null;
  };
  readonly countersign_nonces: { readonly id: string; readonly expires_at: Time };
  readonly countersign_audit: AuditRow;
};

export type AuditRow = {
  readonly id: string;
  readonly time: Time;
  readonly duration: number;
  readonly outcome: string;
  readonly code: string | null;
  readonly message: string | null;
  readonly method: string;
  readonly path: string;
  readonly access_key: string | null;
  readonly service: string | null;
  readonly scheme: string | null;
  readonly secret_id: string | null;
  readonly nonce: string | null;
  readonly address: string | null;
};

/** A whole number below 2 to the 53rd. Drivers hand 64 bits over as a text or as a bigint too. */
type Time = number;

export type Dialect = 'postgres' | 'mysql' | 'sqlite';

/** The caller's database, as it is used here. */
export type OpenedTables = {
  readonly tables: Kysely<Tables>;
  readonly dialect: Dialect;
  /** A text as a value of a statement: every text that is not known to be harmless goes through it. */
  readonly text: (value: string) => string | Expression<string>;
};

/** @throws SignatureError `invalid_configuration` for a database of another kind. */
export function openTables<Schemas>({ database, schema }: SqlOptions<Schemas>): OpenedTables {
  const plain = database.withoutPlugins() as unknown as Kysely<Tables>;
  const dialect = dialectOf(plain);
  return {
    tables: schema === undefined ? plain : plain.withSchema(schema),
    dialect,
    text: dialect === 'mysql' ? mysqlText : (value) => value,
  };
}

/**
 * In hexadecimal digits, which need no escape. The drivers of MySQL write values into the statement and escape quotes with a
 * backslash; the mode NO_BACKSLASH_ESCAPES, which any connection may have, then takes the rest of a text for SQL.
 */
const mysqlText = (value: string): Expression<string> => written(`_utf8mb4 x'${hex(utf8(value))}'`);

// Told by what it can do, because dialects for other drivers are other classes.
function dialectOf(database: Kysely<Tables>): Dialect {
  const { supportsReturning, supportsTransactionalDdl, supportsOutput } = database.getExecutor().adapter;
  if (supportsOutput) fail('invalid_configuration', 'The database must be PostgreSQL, MySQL, MariaDB or SQLite.');
  if (!supportsReturning) return 'mysql';
  return supportsTransactionalDdl ? 'postgres' : 'sqlite';
}
