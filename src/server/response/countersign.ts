import type { Credentials, PlatformKey } from '../../core/credentials.ts';
import { bytesToSign, utf8 } from '../../core/encoding.ts';
import { fail, SignatureError } from '../../core/errors.ts';
import type { Message } from '../../core/message.ts';
import type { ResponseScheme, Scheme, SignedResponse } from '../../core/scheme.ts';
import type { SigningKey } from '../../core/signing-key.ts';
import { checkOrdinaryKey } from '../keys/ordinary-key.ts';
import { sha256OfReceived } from '../verify/body.ts';
import type { PreparedSecret } from '../verify/prepared-keys.ts';
import type { Candidate } from '../verify/signatures.ts';
import type { PlainResponse } from './refusal-response.ts';

/** Who signs a response, and the request that it responds to. */
export type Countersigner = Pick<SignedResponse, 'request'> & {
  readonly scheme: ResponseScheme;
  /** The key that verified the request, or the server's own. */
  readonly key: SigningKey;
  /** The access key that the key belongs to. */
  readonly accessKey: string;
  readonly clock: () => number;
};

/** What is known of the request. */
export type CountersignedRequest = {
  readonly message?: Message;
  readonly candidate?: Candidate | undefined;
  readonly key?: SigningKey | undefined;
};

/**
 * Creates a function that finds the countersigner of a request. It returns undefined if there is none: the caller is not
 * authenticated, or the scheme does not sign responses.
 *
 * @param options.responseKey the server's own key, used instead of the caller's in schemes with public keys.
 * @throws SignatureError `invalid_credentials`, `invalid_configuration` for a `responseKey` that cannot sign responses.
 */
export function createCountersigners({
  schemes,
  responseKey,
  clock,
}: {
  readonly schemes: readonly Scheme[];
  readonly responseKey: Credentials | undefined;
  readonly clock: () => number;
}): (request: CountersignedRequest) => Countersigner | undefined {
  const own = responseKey && keysOf(responseKey, schemes);
  return ({ message, candidate, key }) => {
    const response = candidate?.scheme.response;
    if (!candidate || !response || !message || !key) return undefined;
    const { accessKey, key: signer } = own?.get(candidate.scheme) ?? { accessKey: candidate.accessKey, key };
    return { scheme: response, key: signer, accessKey, request: message, clock };
  };
}

type OwnKey = { readonly accessKey: string; readonly key: SigningKey };

/** The server's own key for each scheme with public keys. Callers of other schemes could not verify it. */
function keysOf({ accessKey, secret }: Credentials, schemes: readonly Scheme[]): ReadonlyMap<Scheme, OwnKey> {
  checkOrdinaryKey(accessKey);
  if ((secret as PlatformKey | undefined)?.type !== 'private') {
    fail(
      'invalid_credentials',
      'responseKey.secret must be a CryptoKey of type private: with a shared secret, each caller could sign responses to others.',
    );
  }
  const served = schemes.filter(({ publicKeys, response }) => publicKeys && response);
  if (!served.length)
    fail('invalid_configuration', 'responseKey needs a scheme that signs responses with public keys.');
  return new Map(served.map((scheme) => [scheme, { accessKey, key: scheme.createKey(secret) }]));
}

/**
 * Requires a countersigner if the response must be signed. Runs before the handler produces a response.
 *
 * @throws SignatureError `internal_error`
 */
export function requireCountersigner(
  countersigner: Countersigner | undefined,
  {
    wanted,
    scheme,
    secret: matched,
  }: { readonly wanted: boolean | undefined; readonly scheme: Scheme; readonly secret: PreparedSecret },
): void {
  if (!wanted) return;
  if (!countersigner) {
    fail('internal_error', `The response cannot be countersigned: the scheme ${scheme.name} signs no responses.`, 500);
  }
  const { secret, publicKey } = matched.secret;
  const platformKey = publicKey ?? (typeof secret === 'object' && 'usages' in secret ? secret : undefined);
  if (countersigner.key === matched.key && platformKey && !platformKey.usages.includes('sign')) {
    fail(
      'internal_error',
      "The response cannot be countersigned: the caller's key can only verify. Give the verifier a responseKey.",
      500,
    );
  }
}

export type ResponseParts = Omit<SignedResponse, 'request'> & {
  /** The bytes that the client will read, before any content coding. */
  readonly body: Uint8Array;
};

// The client reads no body of a response to HEAD, even if the handler set one.
const bodiless = ({ request }: Countersigner): boolean => request.method === 'HEAD';

/** The headers that prove to the caller that a holder of the key sent this response to this request. */
export async function countersignature(
  countersigner: Countersigner,
  { status, headers, body: content }: ResponseParts,
): Promise<Record<string, string>> {
  const { scheme, key, accessKey, request, clock } = countersigner;
  const body = bodiless(countersigner) ? new Uint8Array() : content;
  const sha256 = body.length ? await sha256OfReceived(body) : undefined;
  const prepared = scheme.prepare({
    request,
    accessKey,
    algorithm: key.algorithm,
    time: clock(),
    status,
    headers,
    body,
    sha256,
  });
  const own = prepared.deriveKey ? await prepared.deriveKey(key) : key;
  return prepared.headers(await own.sign(bytesToSign(prepared.stringToSign)));
}

/** Adds a countersignature to a plain response. */
export async function countersignPlainResponse(
  countersigner: Countersigner,
  response: PlainResponse,
): Promise<PlainResponse> {
  const { status, body } = response;
  const signed = await countersignature(countersigner, {
    status,
    headers: new Headers(response.headers),
    body: utf8(body),
  });
  return { ...response, headers: { ...response.headers, ...signed } };
}

/**
 * Adds a countersignature to a Response. Buffers the whole body, so it cannot be used for endless streams.
 *
 * @throws SignatureError `unsignable_response` for a header that the scheme cannot sign, such as one that is not ASCII.
 */
export async function countersignResponse(countersigner: Countersigner, response: Response): Promise<Response> {
  const { status, statusText } = response;
  const unread = bodiless(countersigner);
  const body = unread ? new Uint8Array() : new Uint8Array(await response.arrayBuffer());
  const headers = new Headers(response.headers);
  // Values that the handler set would be read as part of the signature.
  for (const name of countersigner.scheme.fields) headers.delete(name);
  const added = await countersignature(countersigner, { status, headers, body }).catch(blameResponse);
  for (const [name, value] of Object.entries(added)) headers.set(name, value);
  return new Response(body.length ? body : unread ? response.body : null, { status, statusText, headers });
}

/** Schemes blame a request for what they cannot sign. Here the server itself set it. */
function blameResponse(cause: unknown): never {
  if (!(cause instanceof SignatureError)) throw cause;
  return fail('unsignable_response', cause.message, 500, cause);
}
