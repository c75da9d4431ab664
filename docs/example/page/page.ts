/// <reference types="vite/client" />
import { createSigner, type RenewingCredentials, renewing, SignatureError, signedFetch } from 'countersign';
import { browserKeyStore } from 'countersign/browser';
import { rfc9421 } from 'countersign/schemes';
import ky, { isHTTPError, type KyInstance } from 'ky';

/** What a user who is logged in has in this page. */
type App = {
  readonly session: RenewingCredentials;
  /** Signs each call with the session. */
  readonly api: KyInstance;
};

function openApp(name: string): App {
  const session = renewing(
    ({ publicKey, signal }) =>
      fetch('/session', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ publicKey }),
        signal,
      }),
    // Another tab may have logged in another user: the cookie is theirs, and this page still shows this user.
    { subject: name, keyStore: browserKeyStore(name) },
  );
  const signed = session.fetch(signedFetch(createSigner({ credentials: session, scheme: rfc9421() })));
  return { session, api: ky.create({ prefix: import.meta.env.VITE_API_ORIGIN, fetch: signed }) };
}

const find = <Found extends Element>(selector: string): Found => {
  const found = document.querySelector<Found>(selector);
  if (!found) throw new Error(`The page has no ${selector}.`);
  return found;
};

const form = find<HTMLFormElement>('#login');
const main = find<HTMLElement>('#orders');
let app: App | undefined;

function show(name?: string): void {
  app = name === undefined ? undefined : openApp(name);
  form.hidden = app !== undefined;
  main.hidden = app === undefined;
  find('#name').textContent = name ?? '';
}

/** Runs, and prints the result or the reason of the failure. */
async function print(run: () => Promise<string>): Promise<void> {
  const output = find<HTMLOutputElement>('output');
  output.value = '…';
  output.value = await run().catch(async (error: unknown) => {
    // The backend issues no session of this user: the cookie has ended, or is that of another user.
    if (error instanceof SignatureError && error.status === 401) {
      await app?.session.forget();
      show();
    }
    return reasonOf(error);
  });
}

function reasonOf(error: unknown): string {
  if (error instanceof SignatureError) return `No session: ${error.status} ${error.code}`;
  if (!isHTTPError<{ code?: string; detail?: string }>(error) || typeof error.data !== 'object') return String(error);
  return `Refused: ${error.response.status} ${error.data.code ?? error.data.detail}`;
}

async function call(send: (api: KyInstance) => Promise<string[]>): Promise<string> {
  if (!app) return 'Nobody is logged in.';
  const orders = await send(app.api);
  return `${orders.length} orders: ${orders.join(', ')}`;
}

async function logOut(): Promise<string> {
  // First the cookie, or another tab could get a new session meanwhile.
  await ky.post('/logout');
  const isEnded = !app || (await app.api.delete('session').then(() => true, hasNone));
  await app?.session.forget();
  show();
  return isEnded ? 'Logged out.' : 'Logged out. The API did not end the session, which ends by itself.';
}

/** Whether a call failed because there is no session. */
const hasNone = (error: unknown): boolean => error instanceof SignatureError && error.code === 'session_unavailable';

async function logIn(): Promise<string> {
  const { name } = await ky.post('/login', { body: new FormData(form) }).json<{ name: string }>();
  form.reset();
  show(name);
  return 'Logged in.';
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  void print(logIn);
});
find('#load').addEventListener('click', () => print(() => call((api) => api.get('orders').json())));
find('#order').addEventListener('click', () =>
  print(() => call((api) => api.post('orders', { json: { sku: 'A-1' } }).json())),
);
find('#logout').addEventListener('click', () => print(logOut));

// After a reload the cookie is still there, and the key store has the session.
const response = await fetch('/user');
show(response.ok ? ((await response.json()) as { name: string }).name : undefined);
