import { type Body, bytesInMemory, readToSign } from './client/body.ts';
import type { Signer } from './client/signer.ts';
import { SignatureError } from './core/errors.ts';

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
        return sign(signer, call.request, call.options);
      },
    ],
    beforeRetry: [
      async ({ request, options, error }) => {
        // ky 1 would try again what cannot be signed.
        if (error instanceof SignatureError) throw error;
        const ky1 = ofKy1.get(options);
        if (!ky1) return sign(signer, request, ky1 === false ? options : {}) as Promise<unknown> as Promise<void>;
      },
    ],
  };
}

async function sign(signer: Signer, request: Request, options: { readonly body?: Body }): Promise<Request | undefined> {
  const { scheme, maxBodyBytes, unsignedPayload } = signer.settings;
  const handed = options.body ?? undefined;
  const known = handed === undefined ? undefined : bytesInMemory(handed);
  const unread = scheme.body === 'none' || unsignedPayload || scheme.declaresBody(request.headers);
  const read = !known && request.body !== null && !unread;
  // A clone keeps up to maxBodyBytes in memory; needed for a form, a stream and what another hook put in.
  const source = () => (handed instanceof Blob ? new Response(handed) : request.clone());
  const body = read ? await readToSign(source(), maxBodyBytes) : known;
  const signed = await signer.sign(request, body && { body });
  return signed.url === request.url ? undefined : signed;
}
