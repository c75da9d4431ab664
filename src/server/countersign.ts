import { sha256OfBody } from '../core/digest.ts';
import { utf8 } from '../core/encoding.ts';
import type { ResponseScheme } from '../core/scheme.ts';
import type { SigningKey } from '../core/signing-key.ts';
import type { Reply } from './reply.ts';

/** Whose answer a countersignature is, and to which request. */
export type Countersigner = {
  readonly scheme: ResponseScheme;
  /** The key that verified the request. */
  readonly key: SigningKey;
  readonly requestSignature: string;
  /** Whether the request was a HEAD: then the client will read no body, whatever the answer has. */
  readonly bodiless: boolean;
  readonly clock: () => number;
};

export type AnswerParts = {
  readonly status: number;
  readonly contentType: string;
  /** The bytes that the client will read, before any content coding. */
  readonly body: Uint8Array;
};

/** The headers that prove to the caller that this answer, to this very request, comes from a holder of the secret. */
export async function countersignature(
  { scheme, key, requestSignature, bodiless, clock }: Countersigner,
  { status, contentType, body }: AnswerParts,
): Promise<Record<string, string>> {
  const sha256 = body.length && !bodiless ? await sha256OfBody(body) : undefined;
  const prepared = scheme.prepare({ requestSignature, time: clock(), status, contentType, sha256 });
  return prepared.headers(await key.sign(utf8(prepared.stringToSign)));
}

/** A reply with its countersignature. */
export async function countersignedReply(countersigner: Countersigner, reply: Reply): Promise<Reply> {
  const { status, headers, body } = reply;
  const contentType = headers['Content-Type'] ?? '';
  const signed = await countersignature(countersigner, { status, contentType, body: utf8(body) });
  return { ...reply, headers: { ...headers, ...signed } };
}

/** A Response with its countersignature. The body is read whole, so this is not for streams without end. */
export async function countersignedResponse(countersigner: Countersigner, response: Response): Promise<Response> {
  const { status, statusText } = response;
  const body = countersigner.bodiless ? new Uint8Array() : new Uint8Array(await response.arrayBuffer());
  const headers = new Headers(response.headers);
  const contentType = headers.get('content-type') ?? '';
  for (const [name, value] of Object.entries(await countersignature(countersigner, { status, contentType, body }))) {
    headers.set(name, value);
  }
  return new Response(body.length ? body : countersigner.bodiless ? response.body : null, {
    status,
    statusText,
    headers,
  });
}
