/** One record in IndexedDB, which all pages and workers of an origin share. */
export type KeptRecord<Value> = {
  read(): Promise<Value | undefined>;
  /**
   * Replaces the record by what `change` returns, in one transaction; undefined deletes it. Returns the new record.
   *
   * @param change synchronous, because a transaction ends as soon as nothing is asked of it.
   */
  change(change: (before: Value | undefined) => Value | undefined): Promise<Value | undefined>;
};

const storeName = 'keys';
const recordName = 'own';

/**
 * Opens the database for each call and closes it again: an open connection would block others, and some browsers close those of pages in
 * the background.
 */
export function keptRecord<Value>(databaseName: string): KeptRecord<Value> {
  async function run(
    mode: IDBTransactionMode,
    change: (before: Value | undefined, store: IDBObjectStore) => Value | undefined,
  ): Promise<Value | undefined> {
    const database = await open(databaseName);
    try {
      return await new Promise((resolve, reject) => {
        const transaction = database.transaction(storeName, mode);
        const store = transaction.objectStore(storeName);
        const request: IDBRequest<Value | undefined> = store.get(recordName);
        let result: Value | undefined;
        request.onsuccess = () => {
          try {
            result = change(request.result, store);
          } catch (error) {
            // Such as a key that the browser cannot keep.
            reject(error);
            transaction.abort();
          }
        };
        transaction.oncomplete = () => resolve(result);
        transaction.onerror = transaction.onabort = () => reject(transaction.error ?? request.error);
      });
    } finally {
      database.close();
    }
  }

  return {
    read: () => run('readonly', (before) => before),
    change: (change) =>
      run('readwrite', (before, store) => {
        const next = change(before);
        if (next === undefined) store.delete(recordName);
        else if (next !== before) store.put(next, recordName);
        return next;
      }),
  };
}

/** Opens the database at any version. One that someone else has made, without the store, is deleted and made anew. */
async function open(name: string): Promise<IDBDatabase> {
  const found = await done(indexedDB.open(name));
  if (found.objectStoreNames.contains(storeName)) return found;
  found.close();
  await done(indexedDB.deleteDatabase(name));
  return done(indexedDB.open(name));
}

/** How long to wait for others that hold a database open, in milliseconds. */
const limit = 5000;

const done = (request: IDBOpenDBRequest): Promise<IDBDatabase> =>
  new Promise((resolve, reject) => {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      reject(new Error('The database is blocked.'));
    }, limit);
    request.onupgradeneeded = () => request.result.createObjectStore(storeName);
    request.onsuccess = () => {
      clearTimeout(timer);
      if (isLate) request.result?.close();
      resolve(request.result);
    };
    request.onerror = () => reject(request.error);
  });
