import type { Credentials } from '../../core/credentials.ts';
import { fail, SignatureError } from '../../core/errors.ts';
import { parseSessionKey } from '../../core/session/access-key.ts';
import { discardBody } from '../discard-body.ts';
import type { Fetch } from '../fetch.ts';
import { maySendAgain } from '../request.ts';
import { withSignal } from './call-signal.ts';
import { type FetchSession, isFor, type ReadSession, readFetched } from './fetched-session.ts';
import type { KeptSession, SessionKeyStore } from './key-store.ts';
import { backOff, type Moment, stopwatch } from './moments.ts';
import { checkRenewingOptions, type RenewingOptions } from './options.ts';
import { timeLimit, untilAborted } from './time-limit.ts';

/** Credentials that renew themselves. Made by {@link renewing}. */
export type RenewingCredentials = {
  /**
   * Returns the session, for the option `credentials` of `createSigner`.
   *
   * @throws SignatureError `session_unavailable`
   */
  (): Promise<Credentials>;
  /**
   * Returns a `fetch` that renews the session if a request is refused because it has ended or was revoked, and sends the request once
   * more. It returns the refusal of a POST or PATCH, because anyone in between can forge it after the request was carried out, and of a
   * body that was read once, such as that of a Request.
   *
   * A call that still waits for its response when `forget()` is called throws `session_unavailable`. A program that calls anew after that,
   * such as ky when it retries, gets the session of the user who is logged in then, unless the option `subject` is set.
   *
   * @param api signs with these credentials and sends. It must regard the signal that it gets, as all of this package do.
   */
  fetch(api: Fetch): Fetch;
  /**
   * Forgets the session and earlier failures, and aborts calls that wait for their response: at login, logout, and a change of the user.
   * With a `keyStore` its keys are deleted, and the other tabs forget as well.
   *
   * @returns a promise that resolves when the keys are gone. Nothing signs with them from the call on.
   */
  forget(): Promise<void>;
};

type Held = {
  readonly credentials: Credentials;
  /** When it was asked for. */
  readonly from: Moment;
  /** In milliseconds. */
  readonly lifetime: number;
};

// Codes after which another session may help. Callers see invalid_signature if the key or the secret no longer exists.
const ended = /\berror="(?:expired_key|revoked_key|unknown_key|retired_secret|invalid_signature)"/;

/**
 * Returns credentials for pages and other holders of sessions. It asks for a session when it is first needed, and for a new one
 * before it ends, in the background, while calls go on with the present one. One request is in flight at a time. After a failure it
 * waits for a second, doubled each time up to half a minute; meanwhile calls fail at once if there is no session.
 *
 * A session's life is counted as its issuer states it, from the moment of the request, so a wrong clock does no harm.
 *
 * @param fetchSession asks the issuer for a session: returns it, or the `Response` with it as JSON. It gets the public key of the option
 * `keyStore`, and a signal that aborts when `timeout` has passed.
 * @throws SignatureError `invalid_configuration`. The returned functions throw `session_unavailable`; its `status` is that of the
 * issuer's response, such as 401 if nobody is logged in.
 * @example
 * import { createSigner, renewing, signedFetch } from 'countersign';
 *
 * const session = renewing(() => fetch('https://shop.example.com/session', { method: 'POST', credentials: 'include' }));
 * const api = session.fetch(signedFetch(createSigner({ credentials: session })));
 */
export function renewing(fetchSession: FetchSession, options: RenewingOptions = {}): RenewingCredentials {
  if (typeof fetchSession !== 'function') {
    fail('invalid_configuration', 'renewing() takes a function, such as () => fetch(address, init).');
  }
  checkRenewingOptions(options);
  const { subject, early, timeout = 10_000, keyStore, clock = () => Date.now() } = options;
  const { now, at, since } = stopwatch(clock);
  let held: Held | undefined;
  /** How often forget() was called: what was asked for or sent before belongs to another user. */
  let generation = 0;
  /** Those that wait for a response. */
  const calls = new Set<AbortController>();
  let pending: Promise<Held> | undefined;
  let failed: { readonly at: Moment; readonly count: number; readonly error: SignatureError } | undefined;
  /** Sessions in a row that were refused although they were new. */
  let refused: { readonly at: Moment; readonly count: number } | undefined;

  async function ask(publicKey: string | undefined, signal: AbortSignal): Promise<ReadSession & { from: Moment }> {
    const from = now();
    const asked = (async () => readFetched(await fetchSession({ publicKey, signal }), { publicKey, subject }))();
    // Also if fetchSession does not regard the signal: other tabs wait for this one.
    return { ...(await untilAborted(asked, signal)), from };
  }

  async function request(signal: AbortSignal): Promise<Held> {
    const started = generation;
    if (keyStore) return keyStore.alone(() => requestKept(keyStore, { signal, started }), signal);
    const { accessKey, secret = '', lifetime, from } = await ask(undefined, signal);
    return { credentials: { accessKey, secret, expiresAt: from.time + lifetime }, from, lifetime };
  }

  /** The session that another tab has renewed, or that was kept before a reload; otherwise a new one. */
  async function requestKept(
    store: SessionKeyStore,
    { signal, started }: { readonly signal: AbortSignal; readonly started: number },
  ): Promise<Held> {
    const session = await store.open();
    if (started !== generation) throw forgotten();
    const kept = session && isFor(subject, parseSessionKey(session.accessKey)) && heldOf(session);
    if (kept && isNewer(kept)) return kept;
    const publicKey = await store.makePair();
    const { from, ...made } = await ask(publicKey, signal);
    if (started !== generation) throw forgotten();
    return heldOf(await store.keep({ ...made, askedAt: from.time }, publicKey));
  }

  function heldOf({ accessKey, secret, askedAt, lifetime }: KeptSession): Held {
    return { credentials: { accessKey, secret, expiresAt: askedAt + lifetime }, from: at(askedAt), lifetime };
  }

  /** Whether another tab has renewed the session since, or this page was loaded anew. */
  function isNewer(kept: Held): boolean {
    const isOwn = kept.credentials.accessKey === held?.credentials.accessKey;
    // A session from the future was asked for by another clock: how long it lasts is not known.
    return !isOwn && since(kept.from) >= 0 && left(kept) > 0;
  }

  function renew(): Promise<Held> {
    if (pending) return pending;
    if (failed && since(failed.at) < backOff(failed.count)) return Promise.reject(failed.error);
    const started = generation;
    const { signal, stop } = timeLimit(timeout);
    const asked: Promise<Held> = untilAborted(request(signal), signal)
      .finally(stop)
      .then(
        (made) => {
          if (started !== generation) throw forgotten();
          held = made;
          failed = pending = undefined;
          return made;
        },
        (cause: unknown) => {
          const error = unavailable(cause);
          if (pending === asked) {
            failed = { at: now(), count: (failed?.count ?? 0) + 1, error };
            pending = undefined;
          }
          throw error;
        },
      );
    pending = asked;
    return asked;
  }

  const left = ({ from, lifetime }: Held): number => lifetime - since(from);
  // At most half of its life, or a short session would be renewed at each call.
  const margin = ({ lifetime }: Held): number =>
    early === undefined ? Math.min(lifetime / 5, 60_000) : Math.min(early * 1000, lifetime / 2);

  async function provide(): Promise<Credentials> {
    if (!held || left(held) <= 0) return (await renew()).credentials;
    // The present session is still good: a failure is reported when it is not.
    if (left(held) <= margin(held)) renew().catch(() => undefined);
    return held.credentials;
  }

  /** Another session than the refused one; undefined if new sessions are refused as well. */
  async function replace(used: Held | undefined): Promise<Held | undefined> {
    if (held && held !== used) return held;
    if (pending) return pending;
    if (refused && since(refused.at) < backOff(refused.count)) return undefined;
    refused = { at: now(), count: (refused?.count ?? 0) + 1 };
    return renew();
  }

  function reset(): void {
    generation++;
    held = pending = failed = refused = undefined;
    for (const call of calls) call.abort(forgotten());
  }

  keyStore?.onForget(reset);
  return Object.assign(provide, {
    fetch:
      (api: Fetch): Fetch =>
      async (input, init) => {
        const sentIn = generation;
        await provide();
        if (sentIn !== generation) throw forgotten();
        const used = held;
        // What `api` does before it signs, and before it signs again, may take until the user has changed.
        const call = new AbortController();
        const send = () => api(...withSignal(call, [input, init]));
        calls.add(call);
        try {
          const response = await send();
          if (!mayHaveEnded(response)) {
            refused = undefined;
            return response;
          }
          // After forget() the call is that of another user.
          if (sentIn !== generation) return response;
          const other = await replace(used).catch((error: unknown) => {
            if (sentIn === generation) throw error;
          });
          if (!other || sentIn !== generation || !maySendAgain(input, init)) return response;
          discardBody(response);
          return await send();
        } finally {
          calls.delete(call);
        }
      },
    async forget() {
      reset();
      await keyStore?.forget();
    },
  });
}

const mayHaveEnded = ({ status, headers }: Response): boolean =>
  status === 401 && ended.test(headers.get('www-authenticate') ?? '');

const forgotten = () => new SignatureError('session_unavailable', 'forget() was called meanwhile.');

function unavailable(cause: unknown): SignatureError {
  if (cause instanceof SignatureError && /^(?:session_unavailable|invalid_configuration)$/.test(cause.code))
    return cause;
  return new SignatureError(
    'session_unavailable',
    'The issuer of sessions could not be asked, or returned no JSON.',
    400,
    {
      cause,
    },
  );
}
