import { type Body, bytesInMemory, readToSign } from './client/body.ts';
import type { Signer } from './client/signer.ts';

/** What ky 2 calls a hook with. ky 1 calls `beforeRequest` with a Request and its options. */
type State = { readonly request: Request; readonly options: object };

/** The two hooks that sign, in the form that `hooks` of ky 1 and ky 2 takes. */
export type SigningHooks = {
  readonly beforeRequest: Array<(state: State | Request, options?: object) => Promise<void>>;
  readonly beforeRetry: Array<(state: State) => Promise<void>>;
};

/**
 * Hooks for `ky.create({ hooks })` and `ky.extend({ hooks })`, ky 1 and ky 2, that sign every attempt anew. Headers are set
 * in place and nothing is returned, so that later hooks still run. A hook that gives a request another body must come
 * before these and return a Request; where hooks come from many places, `ky.create({ fetch: signedFetch(signer) })`
 * signs what is sent, whatever they do.
 */
export function signingHooks(signer: Signer): SigningHooks {
  // ky 1 runs beforeRequest on every attempt, after beforeRetry, with one and the same options.
  const first = new WeakSet<object>();
  return {
    beforeRequest: [
      (state, options) => {
        if ('request' in state) return sign(signer, state.request, state.options);
        if (options) first.add(options);
        return sign(signer, state, options ?? {});
      },
    ],
    beforeRetry: [
      async ({ request, options }) => {
        if (!first.has(options)) await sign(signer, request, options);
      },
    ],
  };
}

async function sign(signer: Signer, request: Request, options: { readonly body?: Body }): Promise<void> {
  const { scheme, maxBodyBytes, unsignedPayload } = signer.settings;
  const handed = options.body ?? undefined;
  const known = handed === undefined ? undefined : bytesInMemory(handed);
  const read = !known && request.body !== null && !unsignedPayload && !scheme.declaresBody(request.headers);
  // A clone keeps up to maxBodyBytes in memory; needed for a form, a Blob, a stream and what another hook put in.
  const body = read ? await readToSign(request.clone(), maxBodyBytes) : known;
  await signer.sign(request, body && { body });
}
