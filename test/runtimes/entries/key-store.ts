// For pages, workers and service workers: an app whose keys are in IndexedDB. Each task takes and returns JSON.
import { countersignV1, createSigner, type RenewingCredentials, renewing, signedFetch } from 'countersign';
import { browserKeyStore, type SessionKeyStore } from 'countersign/browser';
import { rfc9421 } from 'countersign/schemes';

export type Task = 'call' | 'forget' | 'forgetOther' | 'read' | 'worker' | 'serviceWorker';
export type Given = {
  readonly task: Task;
  /** Origin of the API. */
  readonly api: string;
  /** Name of the key store. */
  readonly name: string;
  /** False: the issuer is told no public key, so it sends a secret. */
  readonly isBound: boolean;
};

const sessions = new Map<string, RenewingCredentials>();
const stores = new Map<string, SessionKeyStore>();

function storeOf(name: string): SessionKeyStore {
  const store = stores.get(name) ?? browserKeyStore(name);
  stores.set(name, store);
  return store;
}

function sessionOf({ name, isBound }: Given): RenewingCredentials {
  const ask = ({ publicKey, signal }: { publicKey: string | undefined; signal: AbortSignal }) =>
    fetch('/session', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ publicKey: isBound ? publicKey : undefined }),
      signal,
    });
  const session = sessions.get(name) ?? renewing(ask, { keyStore: storeOf(name) });
  sessions.set(name, session);
  return session;
}

async function call(given: Given): Promise<unknown> {
  const credentials = sessionOf(given);
  const scheme = given.isBound ? rfc9421() : countersignV1;
  const send = credentials.fetch(signedFetch(createSigner({ credentials, scheme })));
  const order = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"sku":"A-1"}' };
  const all = await Promise.all([1, 2, 3].map(async () => (await send(`${given.api}/v1/orders`, order)).json()));
  return all[0];
}

/** What a script of the page finds: each key of the database, and whether it can be exported. */
async function read({ name }: Given): Promise<unknown> {
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(`countersign ${name}`);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const found = await new Promise<unknown[]>((resolve) => {
    const request = database.transaction('keys').objectStore('keys').getAll();
    request.onsuccess = () => resolve(request.result);
  });
  database.close();
  const keys = keysIn(found);
  const exported: string[] = [];
  for (const key of keys) {
    for (const format of ['raw', 'pkcs8', 'jwk'] as const) {
      await crypto.subtle.exportKey(format, key).then(
        () => exported.push(format),
        () => undefined,
      );
    }
  }
  const algorithms = keys.map(({ algorithm, extractable, type }) => ({ name: algorithm.name, extractable, type }));
  return { records: found.length, json: JSON.stringify(found), algorithms, exported };
}

function keysIn(value: unknown): CryptoKey[] {
  if (value instanceof CryptoKey) return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(keysIn) : [];
}

const asked = (port: { postMessage(message: unknown, transfer: Transferable[]): void }, given: Given) =>
  new Promise<unknown>((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => resolve(JSON.parse(data));
    port.postMessage(JSON.stringify({ ...given, task: 'call' }), [port2]);
  });

const tasks: Readonly<Record<Task, (given: Given) => Promise<unknown>>> = {
  call,
  read,
  async forget(given) {
    await sessionOf(given).forget();
    return true;
  },
  // By other credentials of the same store.
  async forgetOther({ name }) {
    await renewing(() => new Response(null, { status: 401 }), { keyStore: storeOf(name) }).forget();
    return true;
  },
  worker: (given) => asked(new Worker('/app.js'), given),
  async serviceWorker(given) {
    await navigator.serviceWorker.register('/app.js');
    const { active } = await navigator.serviceWorker.ready;
    return active && asked(active, given);
  },
};

async function run(given: string): Promise<string> {
  const parsed = JSON.parse(given) as Given;
  const failed = (error: Error & { code?: string; status?: number }) => ({
    failed: error.code ?? String(error),
    status: error.status,
    cause: String(error.cause),
  });
  return JSON.stringify(await tasks[parsed.task](parsed).catch(failed));
}

Object.assign(globalThis, { run });
if (!('document' in globalThis)) {
  addEventListener('message', ({ data, ports }) => void run(data).then((result) => ports[0]?.postMessage(result)));
}
