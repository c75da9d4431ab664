import type { Credentials } from '../core/credentials.ts';
import { sha256OfBody } from '../core/digest.ts';
import { bytesToSign, utf8 } from '../core/encoding.ts';
import type { Message } from '../core/message.ts';
import type { Answer, ResponseScheme, Scheme } from '../core/scheme.ts';
import type { SigningKey } from '../core/signing-key.ts';
import type { Reply } from './reply.ts';
import type { Candidate } from './schemes.ts';

/** Whose answer a countersignature is, and to which request. */
export type Countersigner = Pick<Answer, 'request'> & {
  readonly scheme: ResponseScheme;
  /** The key that verified the request, or the server's own. */
  readonly key: SigningKey;
  /** Whose key it is. */
  readonly accessKey: string;
  readonly clock: () => number;
};

/** What is known of the request to be answered. */
export type Answered = {
  readonly message?: Message;
  readonly candidate?: Candidate | undefined;
  readonly key?: SigningKey;
};

/**
 * Who signs the answers: undefined (from the function returned) where nobody can, because the caller is not proved, or the
 * scheme signs none.
 *
 * @param options.responseKey the server's own key, in place of the caller's.
 */
export function countersigners({
  responseKey,
  clock,
}: {
  readonly responseKey: Credentials | undefined;
  readonly clock: () => number;
}): (answered: Answered) => Countersigner | undefined {
  const own = new Map<Scheme, SigningKey>();
  return ({ message, candidate, key }) => {
    const response = candidate?.scheme.response;
    if (!candidate || !response || !message || !key) return undefined;
    const { scheme } = candidate;
    const accessKey = responseKey?.accessKey ?? candidate.accessKey;
    const signer = responseKey ? (own.get(scheme) ?? scheme.createKey(responseKey.secret)) : key;
    if (responseKey) own.set(scheme, signer);
    return { scheme: response, key: signer, accessKey, request: message, clock };
  };
}

export type AnswerParts = Omit<Answer, 'request'> & {
  /** The bytes that the client will read, before any content coding. */
  readonly body: Uint8Array;
};

// Whatever the answer to a HEAD has, the client will read no body.
const bodiless = ({ request }: Countersigner): boolean => request.method === 'HEAD';

/** The headers that prove to the caller that this answer, to this very request, comes from a holder of the key. */
export async function countersignature(
  countersigner: Countersigner,
  { status, headers, body: content }: AnswerParts,
): Promise<Record<string, string>> {
  const { scheme, key, accessKey, request, clock } = countersigner;
  const body = bodiless(countersigner) ? new Uint8Array() : content;
  const sha256 = body.length ? await sha256OfBody(body) : undefined;
  const prepared = scheme.prepare({ request, accessKey, time: clock(), status, headers, body, sha256 });
  const own = prepared.deriveKey ? await prepared.deriveKey(key) : key;
  return prepared.headers(await own.sign(bytesToSign(prepared.stringToSign)));
}

/** A reply with its countersignature. */
export async function countersignedReply(countersigner: Countersigner, reply: Reply): Promise<Reply> {
  const { status, body } = reply;
  const signed = await countersignature(countersigner, {
    status,
    headers: new Headers(reply.headers),
    body: utf8(body),
  });
  return { ...reply, headers: { ...reply.headers, ...signed } };
}

/** A Response with its countersignature. The body is read whole, so this is not for streams without end. */
export async function countersignedResponse(countersigner: Countersigner, response: Response): Promise<Response> {
  const { status, statusText } = response;
  const unread = bodiless(countersigner);
  const body = unread ? new Uint8Array() : new Uint8Array(await response.arrayBuffer());
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(await countersignature(countersigner, { status, headers, body }))) {
    headers.set(name, value);
  }
  return new Response(body.length ? body : unread ? response.body : null, { status, statusText, headers });
}
