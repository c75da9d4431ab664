import type { Awaitable } from '../../core/awaitable.ts';
import { fail, type SignatureError } from '../../core/errors.ts';
import { retirementField, retirementValue } from '../../core/field-names.ts';
import type { Scheme } from '../../core/scheme.ts';
import { withTarget } from '../../core/with-target.ts';
import type { KeyRecord, Principal } from '../contracts.ts';
import { type Countersigner, countersignResponse } from '../response/countersign.ts';
import type { PlainResponse } from '../response/refusal-response.ts';
import type { ExpectedBody, VerifiedBody } from './body.ts';
import type { ReceivedRequest } from './message.ts';
import type { PreparedSecret } from './prepared-keys.ts';

/** A request that is fresh, unseen, whole and signed by the principal. */
export type Verified<Received> = {
  readonly ok: true;
  readonly principal: Principal;
  /** The name of the scheme by which the request is signed. */
  readonly scheme: string;
  /** When the secret that signed stops verifying, where another takes its place; in milliseconds since the epoch. */
  readonly retiresAt?: number;
  /** The request, with a body that can be read. */
  readonly request: Received;
  /** The bytes of the body that were verified; undefined where there is none, or it is not signed, or was left unread. */
  readonly body: Uint8Array | undefined;
  /** What the body must be, where it was left unread as `VerifyContext.body` asked: nothing has checked it. */
  readonly expectedBody?: ExpectedBody;
  /** Where the request came in, as it was judged: what was signed of it is right. */
  readonly resolved: ResolvedAddress;
  /** Names of headers whose whole value is signed, in lower case, beside those that carry the signature. */
  readonly signedHeaders: readonly string[];
  /** Names of headers that may carry a signature of this scheme, in lower case. */
  readonly signatureHeaders: readonly string[];
  /** To be added to the answer: when the secret retires, and what is left of the key's budget, where that is known. */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * Checks a scope that only a part of the server asks for, after the verifier has accepted the request. A key that does not have it
   * is refused, and the audit gets a second event, with the outcome `refused`.
   *
   * @returns the refusal, as `verify` gives it; undefined if the key has the scope.
   */
  checkScope(scope: string): Promise<Refused | undefined>;
  /** Signs the answer to this request with the caller's secret, so that the caller knows whose it is. */
  countersign(response: Response): Promise<Response>;
};

/** How a request came in, as far as `publicOrigin`, trusted proxies and the request say, in this order. */
export type ResolvedAddress = {
  /** Where it came from. */
  readonly address: string | undefined;
  readonly scheme: 'http' | 'https';
  /** The host that was called, in lower case, with its port unless that is the default one. */
  readonly authority: string;
  /**
   * Path and query as the request names them, without `publicPath`, and normalised: RFC 3986 section 6.2.2. Route by this spelling,
   * because a router may tell it from others that verify alike, such as `/%61dmin` from `/admin`.
   */
  readonly target: string;
};

/** A request that is not to be served, and why. */
export type Refused = {
  readonly ok: false;
  /** The precise reason: for logs, not for the caller. */
  readonly error: SignatureError;
  /** What to answer: as precise as the caller may know. */
  readonly response: PlainResponse;
};

/** What the steps of verification have found out about a request that none of them refuses. */
export type Findings = Pick<Verified<unknown>, 'resolved' | 'headers' | 'checkScope'> & {
  readonly record: KeyRecord;
  readonly secret: PreparedSecret;
  readonly scheme: Scheme;
  readonly signedHeaders: readonly string[] | undefined;
  readonly body: VerifiedBody;
  readonly countersigner: Countersigner | undefined;
};

/** The result for a request that is accepted. */
export function acceptedResult<Received>(
  request: Received,
  { record, secret, scheme, signedHeaders = [], body, resolved, headers, countersigner, checkScope }: Findings,
): Verified<Received> {
  const result: { -readonly [Name in keyof Verified<Received>]: Verified<Received>[Name] } = {
    ok: true,
    principal: principalOf(record),
    scheme: scheme.name,
    request,
    body: body.bytes,
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
  // Assigned rather than spread, which is slower, and this runs for every request.
  if (body.unread) result.expectedBody = body.unread;
  const { expiresAt } = secret.secret;
  if (expiresAt !== undefined) {
    result.retiresAt = expiresAt;
    result.headers = { ...headers, [retirementField]: retirementValue(expiresAt) };
  }
  return result;
}

const principalOf = ({ accessKey, service, environment, scopes = [] }: KeyRecord): Principal => ({
  accessKey,
  service,
  environment,
  // A copy: a handler that changes it must not change the key.
  scopes: [...scopes],
});

/** What of a request was verified. */
export type VerifiedParts = {
  /** In upper case. */
  readonly method: string;
  /** Path and query as the request names them, normalised. */
  readonly target: string;
  /** The body, if it was read. */
  readonly body: Uint8Array | undefined;
};

/** What follows the authority of a URL. */
const pathOf = (url: string): string => url.slice(url.indexOf('/', url.indexOf('//') + 2));

/** The verified request, with a body that can be read again and, if it is a `Request`, method and URL in the verified spelling. */
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
  // The whole of it: behind a fragment, which nobody signs, another path could end like the verified one.
  const spelled =
    pathOf(request.url) === target
      ? withMethod(request, { method, body: carried })
      : withTarget(request, { target, body: carried }).then((made) => withMethod(made, { method, body: undefined }));
  return spelled as Awaitable<Received>;
}

/** A signature covers the method in upper case, and a router may tell `delete` from `DELETE`. */
function withMethod(request: Request, { method, body }: Omit<VerifiedParts, 'target'>): Request {
  const changed = request.method !== method;
  return changed || body
    ? new Request(request, { ...(changed && { method }), ...(body && { body: body as BodyInit }) })
    : request;
}
