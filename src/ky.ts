import { type Body, bodyToSign, bytesInMemory } from './client/body.ts';
import { unlessAborted } from './client/outgoing.ts';
import { mayHaveBody, refuseUnsendable, setSignature, withEscapes } from './client/request.ts';
import type { Signer } from './client/signer.ts';
import { sha256OfBody } from './core/digest.ts';
import { SignatureError } from './core/errors.ts';
import { toMessage } from './core/message.ts';

/** The argument of a hook in ky 2. ky 1 calls `beforeRequest` with a Request and its options. */
type State = { readonly request: Request; readonly options: object; readonly error?: unknown };

/** Two hooks that sign, in the form of the option `hooks` of ky 1 and ky 2. */
export type SigningHooks = {
  readonly beforeRequest: Array<(state: State | Request, options?: object) => Promise<Request | undefined>>;
  readonly beforeRetry: Array<(state: State) => Promise<void>>;
};

/**
 * Creates hooks for `ky.create({ hooks })` and `ky.extend({ hooks })` of ky 1 and ky 2. They sign each attempt anew. They set
 * headers on the Request and return nothing, so later hooks still run. For a scheme that signs in the query they return a new
 * Request, and ky then runs no further hook. They hash the `json` or `body` option of the call. If another hook replaces the
 * body, use `ky.create({ fetch: signedFetch(signer) })`, which signs the final request.
 *
 * @throws SignatureError (the hooks) the codes of `Signer.sign`.
 * @example
 * import { signingHooks } from 'countersign/ky';
 * import ky from 'ky';
 *
 * const api = ky.create({ hooks: signingHooks(signer) });
 * console.log(await api.get('https://api.example.com/v1/orders').json()); // → { hello: 'shop' }
 */
export function signingHooks(signer: Signer): SigningHooks {
  // Whether the options of a call come from ky 1, which runs beforeRequest on every attempt, after beforeRetry. ky 2 passes
  // other options after a hook has replaced the Request.
  const ofKy1 = new WeakMap<object, boolean>();
  return {
    beforeRequest: [
      (state, options = {}) => {
        const ky1 = !('request' in state);
        const call = ky1 ? { request: state, options } : state;
        ofKy1.set(call.options, ky1);
        return sign(signer, call.request, { ...call.options, signal: call.request.signal });
      },
    ],
    beforeRetry: [
      async ({ request, options, error }) => {
        // Otherwise ky 1 would retry a request that cannot be signed.
        if (error instanceof SignatureError) throw error;
        const ky1 = ofKy1.get(options);
        // The signal of the request may belong to the attempt that timed out.
        if (!ky1) return sign(signer, request, ky1 === false ? options : {}) as Promise<unknown> as Promise<void>;
      },
    ],
  };
}

type Call = { readonly body?: Body; readonly signal?: AbortSignal };

async function sign(signer: Signer, given: Request, { body, signal }: Call): Promise<Request | undefined> {
  const request = withEscapes(given);
  const { headers } = request;
  const message = toMessage(request, headers);
  refuseUnsendable(message);
  const handed = body ?? undefined;
  const bytes = handed === undefined ? undefined : bytesInMemory(handed);
  // A clone keeps up to maxBodyBytes in memory. Forms, streams and bodies from other hooks need it.
  const read = () => (handed instanceof Blob ? new Response(handed) : request.clone());
  const source = { headers, bytes, read: !bytes && mayHaveBody(request) && read, signal };
  const known = await unlessAborted(bodyToSign(signer, source, sha256OfBody), signal);
  const { headers: added, target } = await unlessAborted(signer.signMessage(message, known.body), signal);
  const signed = setSignature(request, added, signer.scheme.fields);
  const readdressed = target && (await signer.scheme.withTarget?.(signed, { target, body: known.bytes }));
  return readdressed || (signed === given ? undefined : signed);
}
