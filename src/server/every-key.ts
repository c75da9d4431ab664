import type { KeyTable, StoredKey } from './key-table.ts';

/** How many keys are read at a time. */
const page = 100;

/** Every key of a table, in the order of access keys, read a page at a time. */
export async function* everyKey(table: KeyTable): AsyncGenerator<StoredKey, void> {
  let after = '';
  for (;;) {
    const found = await table.list({ after, limit: page });
    yield* found;
    const last = found.at(-1);
    if (!last || found.length < page) return;
    after = last.accessKey;
  }
}
