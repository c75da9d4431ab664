import { fail } from '../core/errors.ts';
import { referrerInit } from '../core/with-target.ts';
import { checkOptions } from './check-options.ts';
import { type Outgoing, type SigningInit, signForFetch } from './outgoing.ts';
import { refuseRedirect } from './refuse-redirect.ts';
import type { Signer } from './signer.ts';

/** The `fetch` of the platform, or a function with the same interface. */
export type Fetch = typeof globalThis.fetch;

/** How signed requests are sent. */
export type SendOptions = {
  /** Sends the requests. @default globalThis.fetch, looked up at each call */
  readonly fetch?: Fetch | undefined;
};

/**
 * Returns a `fetch` that signs every request. It does not follow redirects, because the request to the new address would be
 * unsigned; `redirectFetch` follows them. `redirect: 'manual'` and `'error'` work as in `fetch`.
 *
 * @throws SignatureError (the returned function) the codes of `Signer.sign`, and `redirect_refused`.
 * @example
 * import { createSigner, signedFetch } from 'countersign';
 *
 * const api = signedFetch(createSigner({ accessKey, secret }));
 * const response = await api('https://api.example.com/v1/orders');
 * console.log(await response.json()); // → { hello: 'shop' }
 */
export function signedFetch(signer: Signer, options: SendOptions = {}): Fetch {
  checkOptions('signedFetch', options, /^fetch$/);
  const send = createSender(signer, options);
  return async (input, init) => {
    const { response, followed } = await send(input, init);
    return followed ? refuseRedirect(response) : response;
  };
}

/** A response and its request. */
export type Exchange = {
  readonly response: Response;
  /** Undefined if the same sender has already signed the request. */
  readonly outgoing?: Outgoing;
  /** Whether the caller expects redirects to be followed. */
  readonly followed: boolean;
};

// A property of the init of a signed request: its senders. So a sender that is itself globalThis.fetch signs only once.
const senders: unique symbol = Symbol('senders');

/** Returns a function that takes the arguments of `fetch`, and signs and sends the request without following redirects. */
export function createSender(
  signer: Signer,
  { fetch }: SendOptions,
): (input: string | URL | Request, init?: SigningInit & { [senders]?: readonly object[] }) => Promise<Exchange> {
  const initial = globalThis.fetch;
  const self = {};
  return async (input, init) => {
    const signers = init?.[senders] ?? [];
    if (signers.includes(self)) return { response: await initial(input, init as RequestInit), followed: false };
    if (signers.length > 9) fail('invalid_configuration', 'globalThis.fetch calls itself: set the option fetch.');
    // Looked up at each call, because tests and tools replace it.
    const send = fetch ?? globalThis.fetch;
    const outgoing = await signForFetch(signer, input, init);
    const { input: request, init: settings } = outgoing;
    const from = typeof request === 'string' ? undefined : request;
    const followed = (settings?.redirect ?? from?.redirect ?? 'follow') === 'follow';
    const response = await send(request, {
      ...(followed && from && referrerInit(from)),
      ...settings,
      ...(followed && { redirect: 'manual' }),
      ...(!fetch && { [senders]: [...signers, self] }),
    } as RequestInit);
    return { response, outgoing, followed };
  };
}
