import { type Body, bodyToSign, bytesInMemory } from './client/body.ts';
import { unlessAborted } from './client/outgoing.ts';
import { mayHaveBody, refuseUnsendable, setSignature } from './client/request.ts';
import type { Signer } from './client/signer.ts';
import { sha256OfBody } from './core/digest.ts';
import { SignatureError } from './core/errors.ts';
import { toMessage } from './core/message.ts';

/** What ky 2 calls a hook with. ky 1 calls `beforeRequest` with a Request and its options. */
type State = { readonly request: Request; readonly options: object; readonly error?: unknown };

/** The two hooks that sign, in the form that `hooks` of ky 1 and ky 2 takes. */
export type SigningHooks = {
  readonly beforeRequest: Array<(state: State | Request, options?: object) => Promise<Request | undefined>>;
  readonly beforeRetry: Array<(state: State) => Promise<void>>;
};

/**
 * Hooks for `ky.create({ hooks })` and `ky.extend({ hooks })`, ky 1 and ky 2, that sign every attempt anew. Headers are set
 * in place and nothing is returned, so that later hooks still run; a scheme that signs in the query makes another Request,
 * after which ky runs no further hook. They hash the `json` or `body` that ky was given: where
 * another hook replaces a body, and where hooks come from many places, `ky.create({ fetch: signedFetch(signer) })` signs
 * what is sent, whatever they do.
 */
export function signingHooks(signer: Signer): SigningHooks {
  // Whether a call's options are of ky 1, which runs beforeRequest on every attempt, after beforeRetry. ky 2 has other
  // options once a hook has put another Request in place of its own.
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
        // ky 1 would try again what cannot be signed.
        if (error instanceof SignatureError) throw error;
        const ky1 = ofKy1.get(options);
        // The signal of the request may be that of the attempt that timed out.
        if (!ky1) return sign(signer, request, ky1 === false ? options : {}) as Promise<unknown> as Promise<void>;
      },
    ],
  };
}

type Call = { readonly body?: Body; readonly signal?: AbortSignal };

async function sign(signer: Signer, request: Request, { body, signal }: Call): Promise<Request | undefined> {
  const { headers } = request;
  const message = toMessage(request, headers);
  refuseUnsendable(message);
  const handed = body ?? undefined;
  const bytes = handed === undefined ? undefined : bytesInMemory(handed);
  // A clone keeps up to maxBodyBytes in memory; needed for a form, a stream and what another hook put in.
  const read = () => (handed instanceof Blob ? new Response(handed) : request.clone());
  const source = { headers, bytes, read: !bytes && mayHaveBody(request) && read, signal };
  const known = await unlessAborted(bodyToSign(signer, source, sha256OfBody), signal);
  const { headers: added, target } = await unlessAborted(signer.signMessage(message, known.body), signal);
  const signed = setSignature(request, added, signer.scheme.fields);
  const readdressed = target && (await signer.scheme.withTarget?.(signed, { target, body: known.bytes }));
  return readdressed || (signed === request ? undefined : signed);
}
