import { type Fetch, signedFetch } from './fetch.ts';
import type { SigningInit } from './outgoing.ts';
import { hasIdempotentMethod, resendable } from './request.ts';
import type { Signer } from './signer.ts';

// One challenge (RFC 9110, section 11.6.1) with the parameters that the verifier writes.
const pattern = /(?:^|,[ \t]*)Countersign (?:[\w-]{1,64}="[^"]*", ?)*challenge="([\w.~+/=-]{1,512})"/;

/**
 * Returns the server's challenge from the header `WWW-Authenticate` of a response; undefined if there is none. A page on another
 * origin sees the header only if the server exposes it (CORS).
 *
 * @example
 * import { readChallenge } from 'countersign';
 *
 * const headers = { 'WWW-Authenticate': 'Countersign scheme="partner", challenge="c2FsdA"' };
 * console.log(readChallenge(new Response(null, { status: 401, headers }))); // → c2FsdA
 */
export const readChallenge = ({ headers }: Response): string | undefined =>
  pattern.exec(headers.get('www-authenticate') ?? '')?.[1];

/** No server issues it. */
const unissued = 'none';

/** Options of `challengeFetch`. */
export type ChallengeOptions = {
  /** Signs and sends the requests; reads the challenge from `init.challenge`. @default signedFetch(signer) */
  readonly fetch?: Fetch;
};

/**
 * Returns a `fetch` for schemes that sign a challenge. If the response is 401 with a challenge, the function signs the request
 * with that challenge and sends it once more. It also uses the challenge for later requests, because some servers accept a
 * challenge more than once.
 *
 * A POST or PATCH is sent once more only if the scheme requires a challenge: it then begins without one, so
 * that it is carried out once.
 *
 * @throws SignatureError (the returned function) the codes of the option `fetch`.
 * @example
 * import { challengeFetch, createSigner } from 'countersign';
 * import { defineScheme, keyAndChallenge } from 'countersign/schemes';
 *
 * const scheme = defineScheme(keyAndChallenge);
 * const api = challengeFetch(createSigner({ accessKey, secret, scheme }));
 */
export function challengeFetch(signer: Signer, options: ChallengeOptions = {}): Fetch {
  const { fetch = signedFetch(signer) } = options;
  let last: string | undefined;
  return async (input, init) => {
    const send = (challenge: string | undefined) =>
      // A Request as `init` cannot hold the challenge.
      init && 'clone' in init
        ? fetch(new Request(input, init), { challenge } as SigningInit)
        : fetch(input, { ...init, challenge } as SigningInit);
    // Anyone in between can deliver a request and forge the refusal. Without a challenge of its own, no server carries it out.
    const once = !hasIdempotentMethod(input, init);
    const again = resendable(input, init) && (!once || signer.scheme.requiresChallenge);
    const response = await send(once && again ? unissued : last);
    const challenge = response.status === 401 ? readChallenge(response) : undefined;
    if (challenge === undefined) return response;
    last = challenge;
    if (!again) return response;
    await response.body?.cancel();
    // The challenge of this response: another call may have changed `last`.
    return send(challenge);
  };
}
