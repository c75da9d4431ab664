import { type Fetch, signedFetch } from './fetch.ts';
import type { SigningInit } from './outgoing.ts';
import { resendable } from './request.ts';
import type { Signer } from './signer.ts';

// The parameters of one challenge of RFC 9110 section 11.6.1, as the verifier writes them.
const pattern = /(?:^|,[ \t]*)Countersign (?:[\w-]{1,64}="[^"]*", ?)*challenge="([\w.~+/=-]{1,512})"/;

/**
 * Reads the server's challenge from the `WWW-Authenticate` of a response; undefined where there is none. A page on another origin
 * sees the header only where the server exposes it (CORS).
 */
export const readChallenge = ({ headers }: Response): string | undefined =>
  pattern.exec(headers.get('www-authenticate') ?? '')?.[1];

/** What sends the requests of `challengeFetch`. */
export type ChallengeOptions = {
  /** Signs and sends the requests; takes the challenge from `init.challenge`. @default signedFetch(signer) */
  readonly fetch?: Fetch;
};

/**
 * Returns a `fetch` for schemes that sign a challenge: a request that is refused with one is signed with it and sent once
 * more. It keeps the last challenge for the next request, because some servers accept several responses to one.
 *
 * @throws SignatureError (the returned function) what the `fetch` beneath throws
 * @example
 * const api = challengeFetch(createSigner({ accessKey, secret, scheme }));
 */
export function challengeFetch(signer: Signer, options: ChallengeOptions = {}): Fetch {
  const { fetch = signedFetch(signer) } = options;
  let last: string | undefined;
  return async (input, init) => {
    const send = (challenge: string | undefined) =>
      // A Request as `init` has no place for the challenge.
      init && 'clone' in init
        ? fetch(new Request(input, init), { challenge } as SigningInit)
        : fetch(input, { ...init, challenge } as SigningInit);
    const response = await send(last);
    const challenge = response.status === 401 ? readChallenge(response) : undefined;
    if (challenge === undefined) return response;
    last = challenge;
    if (!resendable(input, init)) return response;
    await response.body?.cancel();
    // Its own challenge, whichever one another call was given meanwhile.
    return send(challenge);
  };
}
