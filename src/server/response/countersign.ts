import { type Credentials, checkAccessKey, type PlatformKey } from '../../core/credentials.ts';
import { bytesToSign, utf8 } from '../../core/encoding.ts';
import { fail } from '../../core/errors.ts';
import type { Message } from '../../core/message.ts';
import type { ResponseScheme, Scheme, SignedResponse } from '../../core/scheme.ts';
import type { SigningKey } from '../../core/signing-key.ts';
import { sha256OfReceived } from '../verify/body.ts';
import type { PreparedSecret } from '../verify/prepared-keys.ts';
import type { Candidate } from '../verify/signatures.ts';
import type { PlainResponse } from './refusal-response.ts';

/** Whose answer a countersignature is, and to which request. */
export type Countersigner = Pick<SignedResponse, 'request'> & {
  readonly scheme: ResponseScheme;
  /** The key that verified the request, or the server's own. */
  readonly key: SigningKey;
  /** Whose key it is. */
  readonly accessKey: string;
  readonly clock: () => number;
};

/** What is known of the request to be answered. */
export type CountersignedRequest = {
  readonly message?: Message;
  readonly candidate?: Candidate | undefined;
  readonly key?: SigningKey;
};

/**
 * Who signs the answers: undefined (from the function returned) where nobody can, because the caller is not proved, or the
 * scheme signs none.
 *
 * @param options.responseKey the server's own key, in place of the caller's where the scheme has public keys.
 * @throws SignatureError `invalid_credentials`, `invalid_configuration` for a `responseKey` that can sign no answer.
 */
export function createCountersigners({
  schemes,
  responseKey,
  clock,
}: {
  readonly schemes: readonly Scheme[];
  readonly responseKey: Credentials | undefined;
  readonly clock: () => number;
}): (answered: CountersignedRequest) => Countersigner | undefined {
  const own = responseKey && keysOf(responseKey, schemes);
  return ({ message, candidate, key }) => {
    const response = candidate?.scheme.response;
    if (!candidate || !response || !message || !key) return undefined;
    const { accessKey, key: signer } = own?.get(candidate.scheme) ?? { accessKey: candidate.accessKey, key };
    return { scheme: response, key: signer, accessKey, request: message, clock };
  };
}

type OwnKey = { readonly accessKey: string; readonly key: SigningKey };

/** The server's own key for each scheme with public keys; the callers of others can check no answer by one. */
function keysOf({ accessKey, secret }: Credentials, schemes: readonly Scheme[]): ReadonlyMap<Scheme, OwnKey> {
  checkAccessKey(accessKey);
  if ((secret as PlatformKey | undefined)?.type !== 'private') {
    fail(
      'invalid_credentials',
      'responseKey.secret must be a CryptoKey of type private: with a shared secret, each caller could sign answers to others.',
    );
  }
  const served = schemes.filter(({ publicKeys, response }) => publicKeys && response);
  if (!served.length)
    fail('invalid_configuration', 'responseKey is for a scheme that signs answers, with public keys.');
  return new Map(served.map((scheme) => [scheme, { accessKey, key: scheme.createKey(secret) }]));
}

/**
 * That someone can sign the answer, where that is wanted: told before there is one.
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
    fail('internal_error', `No answer can be countersigned: the scheme ${scheme.name} signs no responses.`, 500);
  }
  const { secret, publicKey } = matched.secret;
  const platformKey = publicKey ?? (typeof secret === 'object' && 'usages' in secret ? secret : undefined);
  if (countersigner.key === matched.key && platformKey && !platformKey.usages.includes('sign')) {
    fail(
      'internal_error',
      "No answer can be countersigned: the caller's key can only verify. Give the verifier a responseKey.",
      500,
    );
  }
}

export type ResponseParts = Omit<SignedResponse, 'request'> & {
  /** The bytes that the client will read, before any content coding. */
  readonly body: Uint8Array;
};

// Whatever the answer to a HEAD has, the client will read no body.
const bodiless = ({ request }: Countersigner): boolean => request.method === 'HEAD';

/** The headers that prove to the caller that this answer, to this very request, comes from a holder of the key. */
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

/** A reply with its countersignature. */
export async function countersignPlainResponse(
  countersigner: Countersigner,
  reply: PlainResponse,
): Promise<PlainResponse> {
  const { status, body } = reply;
  const signed = await countersignature(countersigner, {
    status,
    headers: new Headers(reply.headers),
    body: utf8(body),
  });
  return { ...reply, headers: { ...reply.headers, ...signed } };
}

/** A Response with its countersignature. The body is read whole, so this is not for streams without end. */
export async function countersignResponse(countersigner: Countersigner, response: Response): Promise<Response> {
  const { status, statusText } = response;
  const unread = bodiless(countersigner);
  const body = unread ? new Uint8Array() : new Uint8Array(await response.arrayBuffer());
  const headers = new Headers(response.headers);
  // A handler's own values would be taken for a part of the signature.
  for (const name of countersigner.scheme.fields) headers.delete(name);
  for (const [name, value] of Object.entries(await countersignature(countersigner, { status, headers, body }))) {
    headers.set(name, value);
  }
  return new Response(body.length ? body : unread ? response.body : null, { status, statusText, headers });
}
