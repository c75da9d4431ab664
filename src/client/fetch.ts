import { fail } from '../core/errors.ts';
import { referrerInit } from '../core/with-target.ts';
import { checkOptions } from './check-options.ts';
import { type Outgoing, type SigningInit, signForFetch } from './outgoing.ts';
import { refuseRedirect } from './refuse-redirect.ts';
import { isRequest, mayHaveBody } from './request.ts';
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
  readonly outgoing: Outgoing;
  /** Whether the caller expects redirects to be followed. */
  readonly followed: boolean;
};

type Pending = Omit<Exchange, 'response'> & {
  readonly url: string;
  /** The Request, unless the caller passed an address. */
  readonly from: Request | undefined;
  /** Held, because in Node.js the signal of a Request works only while the Request is reachable. */
  readonly input: unknown;
  passes: number;
};

// Signed requests that were handed to globalThis.fetch and have no response yet: it may be a sender too, which signs them only once.
// Another call may have the same signature by chance, so the response to either is checked like that to the first.
const pending = new Set<Pending>();

function findPending(input: string | URL | Request, init: RequestInit | undefined): Pending | undefined {
  if (!pending.size) return undefined;
  const { url = `${input}`, headers } = input as Partial<Request>;
  const fields = new Headers(init?.headers ?? headers);
  return [...pending].find(
    (one) =>
      one.url === url &&
      Object.entries(one.outgoing.signed.headers).every(([name, value]) => fields.get(name) === value),
  );
}

/** Returns a function that takes the arguments of `fetch`, and signs and sends the request without following redirects. */
export function createSender(
  signer: Signer,
  { fetch }: SendOptions,
): (input: string | URL | Request, init?: SigningInit) => Promise<Exchange> {
  const initial = globalThis.fetch;
  return async (input, init) => {
    const nested = findPending(input, init);
    if (nested) {
      if (++nested.passes > 9) fail('invalid_configuration', 'globalThis.fetch calls itself: set the option fetch.');
      return { ...nested, response: await initial(input, initToSend(nested, init)) };
    }
    // Looked up at each call, because tests and tools replace it.
    const send = fetch ?? globalThis.fetch;
    const outgoing = await signForFetch(signer, ...copyOf(input, init));
    const { input: request, init: settings } = outgoing;
    const from = isRequest(request) ? request : undefined;
    const followed = (settings.redirect ?? from?.redirect ?? 'follow') === 'follow';
    const sent = { url: from?.url ?? `${request}`, from, outgoing, followed, input, passes: 0 };
    if (!fetch) pending.add(sent);
    try {
      return { ...sent, response: await send(request, initToSend(sent, settings)) };
    } finally {
      pending.delete(sent);
    }
  };
}

/**
 * Copies a Request, so that the caller can send it again, signed anew. One with a body is used up by sending. The signal of a copy
 * stops working in Node.js when memory is collected, so that of the original is passed along.
 */
const copyOf = (input: string | URL | Request, init: SigningInit = {}): Parameters<Fetch> =>
  isRequest(input) && !('clone' in init)
    ? [mayHaveBody(input) ? input : input.clone(), { signal: input.signal, ...init }]
    : [input, init];

const initToSend = ({ followed, from }: Pending, init: RequestInit | undefined): RequestInit => ({
  ...referrerInit(from),
  ...init,
  ...(followed && { redirect: 'manual' }),
});
