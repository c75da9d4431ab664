import type { Awaitable } from '../../core/awaitable.ts';
import type { OwnBytes } from '../../core/body.ts';
import { fail, type SignatureError } from '../../core/errors.ts';
import { retirementField, retirementValue } from '../../core/field-names.ts';
import type { PresentedSignature, Scheme } from '../../core/scheme.ts';
import { withTarget } from '../../core/with-target.ts';
import type { KeyRecord, Principal, PrincipalSession } from '../contracts.ts';
import { type Countersigner, countersignResponse } from '../response/countersign.ts';
import type { PlainResponse } from '../response/refusal-response.ts';
import type { ExpectedBody, VerifiedBody } from './body.ts';
import type { ReceivedRequest } from './message.ts';
import type { PreparedSecret } from './prepared-keys.ts';

/** A request that is fresh, not replayed, unmodified and signed by the principal. */
export type Verified<Received> = {
  readonly ok: true;
  readonly principal: Principal;
  /** The name of the scheme that verified. */
  readonly scheme: string;
  /** When the caller's secret expires, if a new one replaces it; in milliseconds since the epoch. Absent for sessions. */
  readonly retiresAt?: number;
  /** When the request was signed, in milliseconds since the epoch; undefined if the signature covers no time. */
  readonly signedAt: number | undefined;
  /** True if the request was received before. Only with the option `duplicates: 'report'` of the verifier; otherwise false. */
  readonly duplicate: boolean;
  /** The request, with a readable body. */
  readonly request: Received;
  /** The verified bytes of the body; undefined if there is no body, or if it is unsigned or deferred. */
  readonly body: OwnBytes | undefined;
  /** The expected body, if `VerifyContext.body` deferred it. The body has not been checked. */
  readonly expectedBody?: ExpectedBody;
  /** Where the request came in, as it was judged: what was signed of it is right. */
  readonly resolved: ResolvedAddress;
  /** Headers whose whole value is signed, in lower case, other than those that carry the signature. */
  readonly signedHeaders: readonly string[];
  /** Headers that may carry a signature of this scheme, in lower case. */
  readonly signatureHeaders: readonly string[];
  /** Fields to add to the response: when the secret retires, and what remains of the key's budget, if known. */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * Checks a scope that a single route requires, after the request was accepted. If the key does not have it, the audit gets a
   * second event, with the outcome `refused`.
   *
   * @returns the refusal, in the form that `verify` returns; undefined if the key has the scope.
   */
  checkScope(scope: string): Promise<Refused | undefined>;
  /** Signs the response to this request, so that the caller can authenticate it. */
  countersign(response: Response): Promise<Response>;
};

/** The address of a request, taken from `publicOrigin`, trusted proxies and the request, in this order. */
export type ResolvedAddress = {
  /** The client's address. */
  readonly address: string | undefined;
  readonly scheme: 'http' | 'https';
  /** The requested host, in lower case, with its port unless that is the default. */
  readonly authority: string;
  /**
   * Path and query of the request, normalised (RFC 3986 section 6.2.2), without `publicPath`. Route by this value: a router may
   * distinguish spellings that verify alike, such as `/%61dmin` and `/admin`.
   */
  readonly target: string;
};

/** A refused request, and the reason. */
export type Refused = {
  readonly ok: false;
  /** The precise reason. For logs, not for the caller. */
  readonly error: SignatureError;
  /** The response to send, as precise as the caller may know. */
  readonly response: PlainResponse;
};

/** What verification has found out about an accepted request. */
export type Findings = Pick<Verified<unknown>, 'resolved' | 'headers' | 'checkScope'> & {
  readonly record: KeyRecord;
  /** The scopes of the caller. */
  readonly scopes: readonly string[];
  readonly session: PrincipalSession | undefined;
  readonly secret: PreparedSecret;
  readonly scheme: Scheme;
  readonly presented: PresentedSignature;
  readonly duplicate: boolean;
  readonly body: VerifiedBody;
  readonly countersigner: Countersigner | undefined;
};

/** Builds the result for an accepted request. */
export function acceptedResult<Received>(
  request: Received,
  {
    record,
    scopes,
    session,
    secret,
    scheme,
    presented: { time, signedHeaders = [] },
    duplicate,
    body,
    resolved,
    headers,
    countersigner,
    checkScope,
  }: Findings,
): Verified<Received> {
  const result: { -readonly [Name in keyof Verified<Received>]: Verified<Received>[Name] } = {
    ok: true,
    principal: principalOf(record, scopes, session),
    scheme: scheme.name,
    signedAt: time,
    duplicate,
    request,
    // A caller may hand in shared memory, which no receiver of bodies does.
    body: body.bytes as OwnBytes | undefined,
    resolved,
    signedHeaders,
    signatureHeaders: scheme.fields,
    headers,
    checkScope,
    countersign: async (response) =>
      countersigner
        ? countersignResponse(countersigner, response)
        : fail('invalid_configuration', `The scheme ${scheme.name} signs no responses.`, 500),
  };
  // Assigned rather than spread: spreading is slower, and this runs for every request.
  if (body.unread) result.expectedBody = body.unread;
  const { expiresAt } = secret.secret;
  // The holder of a session cannot get its parent's next secret, and need not know of it.
  if (expiresAt !== undefined && !session) {
    result.retiresAt = expiresAt;
    result.headers = { ...headers, [retirementField]: retirementValue(expiresAt) };
  }
  return result;
}

function principalOf(
  { accessKey, service, environment }: KeyRecord,
  scopes: readonly string[],
  session: PrincipalSession | undefined,
): Principal {
  // Copied: a handler may change it, and must not change the key.
  const principal = { accessKey, service, environment, scopes: [...scopes] };
  return session ? { ...principal, session } : principal;
}

/** The verified parts of a request. */
export type VerifiedParts = {
  /** In upper case. */
  readonly method: string;
  /** Path and query of the request, normalised. */
  readonly target: string;
  /** The body, if it was read. */
  readonly body: Uint8Array | undefined;
};

/** The part of a URL after the authority. */
const pathOf = (url: string): string => url.slice(url.indexOf('/', url.indexOf('//') + 2));

/** The verified request, with a body that can be read again. For a `Request`, method and URL have the verified spelling. */
export function verifiedRequest<Received extends Request | ReceivedRequest>(
  received: Received,
  { method, target, body }: VerifiedParts,
): Awaitable<Received> {
  if (!('arrayBuffer' in received)) {
    return body || received.method !== method ? { ...received, method, ...(body && { body }) } : received;
  }
  const request: Request = received;
  // A Request of these methods cannot carry a body.
  const carried = body && !(body.length === 0 && /^(?:GET|HEAD)$/.test(method)) ? body : undefined;
  // Compared as a whole: an unsigned fragment could end like the verified path while the path differs.
  const spelled =
    pathOf(request.url) === target
      ? withMethod(request, { method, body: carried })
      : withTarget(request, { target, body: carried }).then((made) => withMethod(made, { method, body: undefined }));
  return spelled as Awaitable<Received>;
}

/** Sets the signed method, in upper case: a router may distinguish `delete` from `DELETE`. */
function withMethod(request: Request, { method, body }: Omit<VerifiedParts, 'target'>): Awaitable<Request> {
  const changed = request.method !== method;
  if (!changed && !body) return request;
  try {
    return new Request(request, { ...(changed && { method }), ...(body && { body: body as BodyInit }) });
  } catch {
    // A server may have a class of its own, which this constructor does not take: that of srvx, which h3 and Nitro run on.
    const made = withTarget(request, { target: pathOf(request.url), body });
    return changed ? made.then((one) => new Request(one, { method })) : made;
  }
}
