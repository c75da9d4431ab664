import type { Credentials } from '../core/credentials.ts';
import { type Fetch, signedFetch } from './fetch.ts';
import { resendable } from './request.ts';
import { createSigner, type SignerOptions } from './signer.ts';

// The parameters of one challenge of RFC 9110 section 11.6.1, as the verifier writes them.
const pattern = /(?:^|,[ \t]*)Countersign (?:[\w-]{1,64}="[^"]*", ?)*challenge="([\w.~+/=-]{1,512})"/;

/**
 * What a server asks to be signed: the challenge in the `WWW-Authenticate` of an answer, or undefined where there is none. A
 * page on another origin sees the header only where the server exposes it (CORS).
 */
export const challengeOf = ({ headers }: Response): string | undefined =>
  pattern.exec(headers.get('www-authenticate') ?? '')?.[1];

/**
 * `signedFetch` for schemes that answer a challenge: what is refused with one is signed with it and sent once more. The
 * last challenge is kept for the next request, because some servers take several answers to one.
 *
 * @param options as for `createSigner`.
 * @param fetch what sends the requests. @default globalThis.fetch, looked up at each call
 * @throws SignatureError what `createSigner` does, and (the function returned) what `signedFetch` does.
 */
export function answeringFetch(options: SignerOptions, fetch?: Fetch): Fetch {
  // By their name, because credentials hide their secret from whatever copies them.
  const { credentials = options as Credentials } = options;
  const sending = (challenge: () => string | undefined) => {
    const answering: Record<string | symbol, unknown> = { ...options, credentials, challenge };
    return signedFetch(createSigner(answering as SignerOptions), fetch);
  };
  let last: string | undefined;
  const send = sending(() => last ?? options.challenge?.());
  return async (input, init) => {
    const response = await send(input, init);
    const asked = response.status === 401 ? challengeOf(response) : undefined;
    if (asked === undefined) return response;
    last = asked;
    if (!resendable(input, init)) return response;
    await response.body?.cancel();
    // Its own challenge, whatever was asked of another call in the meantime.
    return sending(() => asked)(input, init);
  };
}
