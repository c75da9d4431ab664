import type { Credentials } from '../../core/credentials.ts';
import { fail, SignatureError } from '../../core/errors.ts';
import { checkOptions } from '../check-options.ts';
import type { Fetch } from '../fetch.ts';
import { resendable } from '../request.ts';
import { type FetchedSession, readFetched } from './fetched-session.ts';
import { backOff, type Moment, stopwatch } from './moments.ts';

/** When sessions are renewed. */
export type RenewingOptions = {
  /** How long before its end a session is renewed, in seconds. @default a fifth of its life, at most 60 */
  readonly early?: number;
  /** The time in milliseconds since the epoch. Only durations are measured with it. @default Date.now */
  readonly clock?: () => number;
};

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
   * more. A body that was read once, such as that of a Request, cannot be sent again: then it returns the refusal.
   *
   * @param api signs with these credentials and sends.
   */
  fetch(api: Fetch): Fetch;
  /** Forgets the session and earlier failures: at login, logout, and a change of the user. */
  forget(): void;
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
 * @param fetchSession asks the issuer for a session: returns it, or the `Response` with it as JSON.
 * @throws SignatureError `invalid_configuration`. The returned functions throw `session_unavailable`; its `status` is that of the
 * issuer's response, such as 401 if nobody is logged in.
 * @example
 * import { createSigner, renewing, signedFetch } from 'countersign';
 *
 * const session = renewing(() => fetch('https://shop.example.com/session', { method: 'POST', credentials: 'include' }));
 * const api = session.fetch(signedFetch(createSigner({ credentials: session })));
 */
export function renewing(
  fetchSession: () => FetchedSession | Response | Promise<FetchedSession | Response>,
  options: RenewingOptions = {},
): RenewingCredentials {
  checkOptions('renewing', options, /^(early|clock)$/);
  const { early, clock = () => Date.now() } = options;
  if (early !== undefined && !(early >= 0)) fail('invalid_configuration', 'early must be seconds, 0 or more.');
  const { now, since } = stopwatch(clock);
  let held: Held | undefined;
  /** How often forget() was called: what was asked for or sent before belongs to another user. */
  let generation = 0;
  let pending: Promise<Held> | undefined;
  let failed: { readonly at: Moment; readonly count: number; readonly error: SignatureError } | undefined;
  /** Sessions in a row that were refused although they were new. */
  let refused: { readonly at: Moment; readonly count: number } | undefined;

  async function request(): Promise<Held> {
    const from = now();
    const { accessKey, secret, lifetime } = await readFetched(await fetchSession());
    return { credentials: { accessKey, secret, expiresAt: from.time + lifetime }, from, lifetime };
  }

  function renew(): Promise<Held> {
    if (pending) return pending;
    if (failed && since(failed.at) < backOff(failed.count)) return Promise.reject(failed.error);
    const started = generation;
    const asked: Promise<Held> = request().then(
      (made) => {
        if (started !== generation) return fail('session_unavailable', 'forget() was called meanwhile.');
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
  const margin = ({ lifetime }: Held): number => (early === undefined ? Math.min(lifetime / 5, 60_000) : early * 1000);

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

  return Object.assign(provide, {
    fetch:
      (api: Fetch): Fetch =>
      async (input, init) => {
        await provide();
        const used = held;
        const sentIn = generation;
        const response = await api(input, init);
        if (response.status !== 401 || !ended.test(response.headers.get('www-authenticate') ?? '')) {
          refused = undefined;
          return response;
        }
        // After forget() the call is that of another user.
        if (sentIn !== generation) return response;
        const other = await replace(used).catch((error: unknown) => {
          if (sentIn === generation) throw error;
        });
        if (!other || sentIn !== generation || !resendable(input, init)) return response;
        await response.body?.cancel();
        return api(input, init);
      },
    forget() {
      generation++;
      held = pending = failed = refused = undefined;
    },
  });
}

function unavailable(cause: unknown): SignatureError {
  if (cause instanceof SignatureError && cause.code === 'session_unavailable') return cause;
  return new SignatureError(
    'session_unavailable',
    'The issuer of sessions could not be asked, or returned no JSON.',
    400,
    {
      cause,
    },
  );
}
