import type { Kysely } from 'kysely';
import { fail } from '../../../core/errors.ts';
import type { KeyTable } from '../../../server/keys/key-table.ts';
import { type ManagedKeys, managedKeys } from '../../../server/keys/managed-keys.ts';
import { sqlKeys } from '../../../sql/keys.ts';
import { type AtRestValues, secretsAtRest } from '../../at-rest.ts';
import { type DatabaseValues, withDatabase } from '../../database.ts';

/** Opens the table of keys, for what needs no secret: nothing that opens one has to be given. */
export const withTable = <Result>(given: DatabaseValues, use: (table: KeyTable) => Promise<Result>): Promise<Result> =>
  withDatabase(given, { missing: 'refuse' }, async (database) => use(tableIn(database, given)));

/** Opens the keys, to make secrets or to verify with them. */
export async function withKeys<Result>(
  given: DatabaseValues & AtRestValues,
  use: (keys: ManagedKeys, table: KeyTable) => Promise<Result>,
): Promise<Result> {
  // First, because it needs no database to be found missing.
  const secrets = await secretsAtRest(given);
  return withTable(given, (table) => use(managedKeys({ table, secrets }), table));
}

/** Opens the keys, for what makes and opens no secret. */
export const withSecretlessKeys = <Result>(
  given: DatabaseValues,
  use: (keys: ManagedKeys) => Promise<Result>,
): Promise<Result> => withTable(given, (table) => use(managedKeys({ table, secrets: { derive: unneeded } })));

const unneeded = (): never => fail('invalid_configuration', 'What opens secrets was not given.');

const tableIn = (database: Kysely<object>, { schema }: DatabaseValues): KeyTable =>
  sqlKeys({ database, ...(schema !== undefined && { schema }) });
