import { escapePercents } from '../core/address.ts';
import { type Awaitable, isPromise } from '../core/awaitable.ts';
import { sha256OfBody } from '../core/digest.ts';
import { fail } from '../core/errors.ts';
import { type Message, toMessage, upperCaseMethod } from '../core/message.ts';
import type { SignedBody } from '../core/scheme.ts';
import { referrerInit } from '../core/with-target.ts';
import { type Body, type BodyToSign, bodyToSign, bytesInMemory, defaultContentType, toResponse } from './body.ts';
import { isRequest, mayHaveBody, refuseUnsendable, setSignature, withEscapes } from './request.ts';
import type { SignedMessage, Signer } from './signer.ts';

/** The second argument of `fetch`, with the options of a signed request. */
export type SigningInit = RequestInit & {
  /** The server's challenge, for schemes that sign one. @default the value that the signer's option `challenge` returns */
  readonly challenge?: string | undefined;
};

/** A signed request, as the two arguments of `fetch`. */
export type Outgoing = {
  readonly message: Message;
  readonly body: SignedBody;
  readonly signed: SignedMessage;
  /** The address if the caller passed one, otherwise a Request. */
  readonly input: string | Request;
  readonly init: RequestInit;
};

/**
 * Signs the arguments of `fetch`. It returns an address and options for an address and options, because the `fetch` of another
 * library accepts no Request of the platform. It returns a Request for a Request.
 *
 * @throws SignatureError the codes of `Signer.sign`.
 */
export async function signForFetch(
  signer: Signer,
  input: string | URL | Request,
  init?: SigningInit,
): Promise<Outgoing> {
  const call = readCall(input, init);
  const { given, method, headers, extras, signal } = call;
  const { known, sent, inMemory } = await readBodyOf(call, signer);
  const settings = { ...extras, method, headers, ...(sent !== undefined && { body: sent }) };
  const byAddress = !given && inMemory;
  const request = withEscapes(byAddress ? checkedRequest(`${input}`, settings) : requestToSign(call, settings));
  if (request.method !== method) fail('invalid_request', `This runtime sends ${request.method} for ${method}.`);
  const message = toMessage(request, request.headers);
  refuseUnsendable(message);
  const signed = await unlessAborted(signer.signMessage(message, known.body, call.challenge), signal);
  const { target } = signed;
  const ready = setSignature(request, signed.headers, signer.scheme.fields);
  const outgoing = { message, body: known.body, signed };
  if (!byAddress) {
    const readdressed = target && (await signer.scheme.withTarget?.(ready, { target, body: known.bytes }));
    return { ...outgoing, input: readdressed || ready, init: extras };
  }
  const url = target === undefined ? ready.url : `${message.scheme}://${message.authority}${target}`;
  return { ...outgoing, input: url, init: { ...settings, headers: Object.fromEntries(ready.headers) } };
}

/** The arguments of fetch by purpose. */
type Call = {
  readonly input: string | URL | Request;
  readonly given: Request | undefined;
  /** Whether `init` changes the method or headers of the Request. */
  readonly changed: boolean;
  /** In upper case. */
  readonly method: string;
  readonly headers: Headers;
  /** Undefined if there is no body, or the Request's own body is used. */
  readonly body: Body;
  /** All other options, such as undici's `dispatcher`. */
  readonly extras: RequestInit;
  readonly signal: AbortSignal | null | undefined;
  readonly challenge: string | undefined;
};

function readCall(input: string | URL | Request, init: SigningInit = {}): Call {
  // `init` may be a Request. Its properties are getters of the prototype, which a spread does not copy.
  if ('clone' in init) return readCall(new Request(input, init));
  const given = isRequest(input) ? input : undefined;
  const { challenge, method = given?.method ?? 'GET', headers = given?.headers, body, ...extras } = init;
  // Null detaches a call from the signal of its Request.
  const { signal = given?.signal } = extras;
  return {
    input,
    given,
    changed: 'method' in init || 'headers' in init,
    method: upperCaseMethod(method),
    headers: new Headers(headers),
    body: body ?? undefined,
    extras,
    signal,
    challenge,
  };
}

type ReadBody = {
  readonly known: BodyToSign;
  /** The body to send instead of the caller's; undefined if there is none, or the Request's own body is sent. */
  readonly sent: BodyInit | undefined;
  readonly inMemory: boolean;
};

/** Reads the body if it must be read, and sets its content type in `headers`. */
async function readBodyOf({ given, body, headers, signal }: Call, signer: Signer): Promise<ReadBody> {
  const own = body === undefined ? given : undefined;
  if (own?.bodyUsed) fail('body_consumed', 'The body has been read: sign the request first.');
  // A copy, so that the caller cannot change the bytes between signing and sending.
  const bytes = own && mayHaveBody(own) ? undefined : bytesInMemory(body)?.slice();
  let type = defaultContentType(body);
  let source: Request | Response | undefined;
  const read = () => {
    source = own ?? toResponse(body);
    // Read before the body, because Bun drops the content type with the body.
    type = source.headers.get('content-type') ?? undefined;
    return source;
  };
  const from = { headers, bytes, read: !bytes && read, signal };
  const known = await unlessAborted(bodyToSign(signer, from, sha256OfBody), signal);
  if (type && !headers.has('content-type')) headers.set('content-type', type);
  const sent = source ? known.bytes : typeof body === 'string' ? body : body && (bytes ?? body);
  return { known, sent: sent as BodyInit | undefined, inMemory: !!(bytes || source) };
}

/** Returns a Request without body: the platform resolves the address, checks the method, and drops the headers that browsers drop. */
function checkedRequest(address: string, { body: _, signal: __, ...settings }: RequestInit): Request {
  return new Request(escapePercents(address), settings);
}

function requestToSign({ given, input, changed, method }: Call, settings: RequestInit): Request {
  // Runtimes convert different lower-case methods to upper case on the wire.
  if (given && !changed && !('body' in settings) && given.method === method) return given;
  return new Request(input, { ...referrerInit(given), ...settings });
}

/** Awaits the value. If the signal aborts first, it rejects with the reason of the signal, as fetch does. */
export async function unlessAborted<Value>(
  value: Awaitable<Value>,
  signal: AbortSignal | null | undefined,
): Promise<Value> {
  if (!isPromise(value) || !signal) return value;
  let abort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort);
  });
  // A signal may outlive many calls.
  return Promise.race([value, aborted]).finally(() => signal.removeEventListener('abort', abort));
}
