import type { KeptSession, SessionKeyStore } from '../client/renewing/key-store.ts';
import { fail, SignatureError } from '../core/errors.ts';
import { keptRecord } from './database.ts';
import { hiddenSecret, newPair, type OwnPair } from './key-pair.ts';

/** The pair was made for the session, or for the next. */
type Kept = { readonly pair: OwnPair; readonly session: KeptSession | undefined };

/**
 * Keeps the key pair and the session of `renewing` in IndexedDB, so that they survive a reload and all tabs share them. No script can
 * read the keys: the browser signs with them and exports none. Each session has a pair of its own. `forget()` of `renewing` deletes them. Works in pages, workers and service
 * workers, on https and on localhost.
 *
 * @param name 1 to 64 of A-Z a-z 0-9 . _ - It is part of the name of the database. Give each user a name of their own, such as their id, so
 * that nobody signs with the session of the user before, and set `subject` of `renewing`, because all tabs ask with one cookie. An origin
 * that asks two issuers needs a name for each: credentials of one name share a session.
 * @throws SignatureError `invalid_configuration`. Without IndexedDB or WebCrypto, as in jsdom, happy-dom and on servers, the functions of
 * the store throw it when they are first called.
 * @example
 * import { createSigner, renewing, signedFetch } from 'countersign';
 * import { browserKeyStore } from 'countersign/browser';
 * import { rfc9421 } from 'countersign/schemes';
 *
 * const ask = ({ publicKey, signal }: { publicKey: string | undefined; signal: AbortSignal }) =>
 *   fetch('https://shop.example.com/session', {
 *     method: 'POST',
 *     credentials: 'include',
 *     headers: { 'Content-Type': 'application/json' },
 *     body: JSON.stringify({ publicKey }),
 *     signal,
 *   });
 * const session = renewing(ask, { subject: 'user-7', keyStore: browserKeyStore('user-7') });
 * const api = session.fetch(signedFetch(createSigner({ credentials: session, scheme: rfc9421() })));
 */
export function browserKeyStore(name: string): SessionKeyStore {
  if (typeof name !== 'string' || !/^[\w.-]{1,64}$/.test(name)) {
    fail('invalid_configuration', 'The name of a key store must be 1 to 64 of A-Z a-z 0-9 . _ -');
  }
  const label = `countersign ${name}`;
  const record = keptRecord<Kept>(label);
  const listeners: Array<() => void> = [];
  let channel: BroadcastChannel | undefined;
  /** Until then, what is kept is that of the user before. */
  let gone: Promise<unknown> = Promise.resolve();

  const remove = () => record.change(() => undefined);

  function openChannel(): BroadcastChannel | undefined {
    // Not on servers: there, an open channel would keep the process running.
    if (globalThis.indexedDB && globalThis.BroadcastChannel) channel ??= new BroadcastChannel(label);
    return channel;
  }

  return {
    open: () =>
      used(async () => {
        gone = gone.catch(remove);
        await gone;
        return (await record.read())?.session;
      }),
    makePair: () =>
      used(async () => {
        // Never one that was there: a script that ran once may have left one behind, and know its private key.
        const pair = await newPair();
        await record.change((before) => ({ pair, session: before?.session }));
        return pair.publicKey;
      }),
    keep: ({ secret, ...rest }, publicKey) =>
      used(async () => {
        const hidden = secret === undefined ? undefined : await hiddenSecret(secret);
        const kept = await record.change((before) =>
          before?.pair.publicKey === publicKey
            ? { ...before, session: { ...rest, secret: hidden ?? before.pair.privateKey } }
            : before,
        );
        return kept?.session && kept.pair.publicKey === publicKey
          ? kept.session
          : fail('session_unavailable', 'The keys were forgotten meanwhile.');
      }),
    forget: () =>
      used(async () => {
        // A channel does not notify its own object.
        for (const listener of listeners) listener();
        gone = remove();
        try {
          await gone;
        } finally {
          openChannel()?.postMessage('forget');
        }
      }),
    onForget(listener) {
      listeners.push(listener);
      openChannel()?.addEventListener('message', () => listener());
    },
    async alone<Result>(run: () => Promise<Result>, signal: AbortSignal) {
      const locks = globalThis.navigator?.locks;
      return locks ? ((await locks.request(label, { signal }, run)) as Result) : run();
    },
  };
}

/**
 * Runs with the parts of a browser that a key store needs.
 *
 * @throws SignatureError `invalid_configuration` if they are missing; `session_unavailable` if they fail.
 */
async function used<Result>(run: () => Promise<Result>): Promise<Result> {
  if (!globalThis.indexedDB || !globalThis.crypto?.subtle) {
    fail(
      'invalid_configuration',
      'browserKeyStore needs IndexedDB and WebCrypto, as browsers have them on https and localhost. Servers, jsdom and happy-dom have none.',
    );
  }
  try {
    return await run();
  } catch (cause) {
    if (cause instanceof SignatureError) throw cause;
    throw new SignatureError('session_unavailable', 'The browser could not keep or read the keys.', 400, { cause });
  }
}
