import { hrefOf } from '../core/address.ts';
import { sha256OfBody, sha256OfBodySync } from '../core/digest.ts';
import { fail } from '../core/errors.ts';
import { type HeaderView, type Message, messageOf } from '../core/message.ts';
import type { SignedBody, SigningScheme } from '../core/scheme.ts';
import { type Body, bytesInMemory, defaultContentType, readToSign } from './body.ts';
import { mayHaveBody, refuseUnsendable } from './request.ts';

/** A request described by values. */
export type RequestParts = {
  /** @default 'GET' */
  readonly method?: string;
  readonly url: string | URL;
  readonly headers?: NonNullable<RequestInit['headers']> | HeaderView;
  readonly body?: Body;
};

/** What was decided when a signer was made, for code that prepares requests for it. */
export type SignerSettings = {
  readonly scheme: SigningScheme;
  /** In bytes. */
  readonly maxBodyBytes: number;
  readonly unsignedPayload: boolean;
};

/** What is to be signed. */
export type Draft = {
  readonly message: Message;
  readonly body: SignedBody;
  /** What was read of a Request's body, to be sent in its stead. */
  readonly bytes?: Uint8Array | undefined;
  /** The content type that goes with a body, where the caller gave none. */
  readonly contentType?: string | undefined;
};

// An empty body cannot be told from none on the wire, so neither has a digest.
const none: SignedBody = { kind: 'none' };
const declared: SignedBody = { kind: 'declared' };

async function signedBody(scheme: SigningScheme, bytes: Uint8Array): Promise<SignedBody> {
  if (!bytes.length) return none;
  return scheme.body === 'digest' ? { kind: 'digest', sha256: await sha256OfBody(bytes) } : { kind: 'bytes', bytes };
}

/**
 * @param known what the body was made from, where the caller has it.
 * @throws SignatureError as `Signer.sign` does.
 */
export async function draftOf(
  request: Request,
  { scheme, maxBodyBytes, unsignedPayload }: SignerSettings,
  known?: Body,
): Promise<Draft> {
  const message = messageOf(request, request.headers);
  refuseUnsendable(message);
  const inMemory = known ? bytesInMemory(known) : undefined;
  if (inMemory?.length && scheme.body !== 'none') return { message, body: await signedBody(scheme, inMemory) };
  if (!inMemory && request.bodyUsed)
    fail('body_consumed', 'The body has been read already: sign a request before it is read or sent.');
  const bodiless = scheme.body === 'none' || inMemory !== undefined || !mayHaveBody(request);
  const { headers } = request;
  // Where there is no body, a digest beside an older signature belongs to that.
  if (scheme.declaresBody(headers) && !(bodiless && headers.has(scheme.fields[0] ?? 'signature')))
    return { message, body: declared };
  if (bodiless) return { message, body: none };
  if (unsignedPayload) return { message, body: { kind: 'unsigned' } };
  const bytes = await readToSign(request, maxBodyBytes);
  return { message, body: await signedBody(scheme, bytes), bytes };
}

const noHeaders: HeaderView = { get: () => null };

/**
 * @throws SignatureError as `Signer.headers` does.
 */
export function draftOfParts(
  { method = 'GET', url, headers: fields, body }: RequestParts,
  scheme: SigningScheme,
): Draft {
  const bytes = now(bytesInMemory(body));
  const given = !fields ? noHeaders : 'get' in fields ? (fields as HeaderView) : new Headers(fields);
  const contentType = given.get('content-type') === null ? defaultContentType(body) : undefined;
  return {
    message: messageOf({ method, url: hrefOf(url) }, contentType ? withType(given, contentType) : given),
    body:
      bytes.length && scheme.body === 'digest'
        ? { kind: 'digest', sha256: sha256OfBodySync(bytes) }
        : bytes.length && scheme.body === 'bytes'
          ? { kind: 'bytes', bytes }
          : scheme.declaresBody(given)
            ? declared
            : none,
    contentType,
  };
}

const withType = (given: HeaderView, type: string): HeaderView => ({
  get: (name) => (/^content-type$/i.test(name) ? type : given.get(name)),
  keys: () => ['content-type', ...(given.keys?.() ?? [])],
});

/**
 * What is there already.
 *
 * @throws SignatureError `async_required` for what takes a promise.
 */
export function now<Value extends object>(value: Value | Promise<Value> | undefined): Value {
  if (!value || 'then' in value) fail('async_required', 'A CryptoKey, provider, Blob, form or stream takes sign().');
  return value;
}
