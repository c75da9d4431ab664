import type { Kysely } from 'kysely';
import { fail } from '../../../core/errors.ts';
import type { KeyTable } from '../../../server/keys/key-table.ts';
import { deliveringKeys, type ManagedKeys, managedKeys } from '../../../server/keys/managed-keys.ts';
import { sqlKeys } from '../../../sql/keys.ts';
import { type AtRestValues, secretsAtRest } from '../../at-rest.ts';
import { type DatabaseValues, withDatabase } from '../../database.ts';

/** Opens the table of keys, for commands that need no secret and therefore no sealing key. */
export const withTable = <Result>(given: DatabaseValues, use: (table: KeyTable) => Promise<Result>): Promise<Result> =>
  withDatabase(given, { missing: 'refuse' }, async (database) => use(tableIn(database, given)));

/** Opens the keys, for commands that verify with them. */
export async function withKeys<Result>(
  given: DatabaseValues & AtRestValues,
  use: (keys: ManagedKeys, table: KeyTable) => Promise<Result>,
): Promise<Result> {
  // Checked first, because it needs no connection.
  const secrets = await secretsAtRest(given);
  return withTable(given, (table) => use(managedKeys({ table, secrets }), table));
}

/** Opens keys whose new secrets are delivered before they are stored. */
export type DeliveringKeys = (deliver: Parameters<typeof deliveringKeys>[1]) => ManagedKeys;

/** Opens the keys, for commands that create secrets. */
export async function withDeliveringKeys(
  given: DatabaseValues & AtRestValues,
  use: (open: DeliveringKeys) => Promise<void>,
): Promise<void> {
  const secrets = await secretsAtRest(given);
  return withTable(given, (table) => use((deliver) => deliveringKeys({ table, secrets }, deliver)));
}

/** Opens the keys, for commands that neither create nor open secrets. */
export const withSecretlessKeys = <Result>(
  given: DatabaseValues,
  use: (keys: ManagedKeys) => Promise<Result>,
): Promise<Result> => withTable(given, (table) => use(managedKeys({ table, secrets: { derive: unneeded } })));

const unneeded = (): never => fail('invalid_configuration', 'This command has no sealing key and no master secret.');

const tableIn = (database: Kysely<object>, { schema }: DatabaseValues): KeyTable =>
  sqlKeys({ database, ...(schema !== undefined && { schema }) });
