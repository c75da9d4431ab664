import type { Expression, Kysely } from 'kysely';
import { hex, utf8 } from '../core/encoding.ts';
import { fail } from '../core/errors.ts';
import { rawSql } from './raw-sql.ts';

/** The database, and where its tables are. */
export type SqlOptions<Schemas> = {
  /** Kysely over PostgreSQL, MySQL, MariaDB or SQLite. Its plugins are not applied to queries of this package. */
  readonly database: Kysely<Schemas>;
  /** The schema (in MySQL: the database) of the tables. @default the connection's own */
  readonly schema?: string;
};

/** The columns that are read or written. A table may have others, which are ignored. */
export type Tables = {
  readonly countersign_keys: {
    readonly access_key: string;
    readonly service: string;
    /** The key as JSON, without `version` and `used_at`, which have columns of their own. */
    readonly stored: string;
    readonly version: Time;
    readonly used_at: Time | null;
  };
  readonly countersign_nonces: { readonly id: string; readonly expires_at: Time };
  readonly countersign_audit: AuditRow;
  readonly countersign_revoked_sessions: { readonly id: string; readonly expires_at: Time };
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
  readonly session_id: string | null;
  readonly subject: string | null;
};

/** An integer below 2 to the 53rd. Drivers may also return 64-bit columns as a string or bigint. */
type Time = number;

export type Dialect = 'postgres' | 'mysql' | 'sqlite';

/** The database, as used here. */
export type OpenedTables = {
  readonly tables: Kysely<Tables>;
  readonly dialect: Dialect;
  /** Converts a string to a value of a statement. Use it for every string that a caller can influence. */
  readonly text: (value: string) => string | Expression<string>;
};

/** @throws SignatureError `invalid_configuration` for an unsupported database. */
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
 * A hexadecimal literal, which needs no escaping. The MySQL drivers insert values into the statement and escape quotes with
 * backslashes. On a connection in the mode NO_BACKSLASH_ESCAPES, the rest of a string would then be parsed as SQL.
 */
const mysqlText = (value: string): Expression<string> => rawSql(`_utf8mb4 x'${hex(utf8(value))}'`);

// Detected by capabilities, because dialects for other drivers have other classes.
function dialectOf(database: Kysely<Tables>): Dialect {
  const { supportsReturning, supportsTransactionalDdl, supportsOutput } = database.getExecutor().adapter;
  if (supportsOutput) fail('invalid_configuration', 'The database must be PostgreSQL, MySQL, MariaDB or SQLite.');
  if (!supportsReturning) return 'mysql';
  return supportsTransactionalDdl ? 'postgres' : 'sqlite';
}
