import { Buffer } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { fail } from '../core/errors.ts';
import { receivedFromNode } from '../node/received.ts';
import { type GateOptions, toVerifyContext } from '../server/gate.ts';
import { type OptionNames, requireKnownOptions } from '../server/known-options.ts';
import { parseRanges, type Ranges } from '../server/ranges.ts';
import type { PlainResponse } from '../server/response/refusal-response.ts';
import type { ReceivedRequest } from '../server/verify/message.ts';
import type { Verifier } from '../server/verify/verifier.ts';
import { type AuthRequest, createDescriber, type DescribedRequest, type Dialect } from './describe-request.ts';
import { errorResponse, type GatewayListener, type GatewayReport, reportError, toSignatureError } from './listener.ts';
import { bodyField, principalFields, requireNoPrincipal } from './principal-fields.ts';

/** Who asks a {@link forwardAuth}, and how. */
export type ForwardAuthOptions = Pick<GateOptions<ReceivedRequest>, 'scope' | 'accessKey'> & {
  /** Which proxy asks. It is never guessed: what one of them sets, callers can set behind another. */
  readonly dialect: Dialect;
  /**
   * Addresses and CIDR ranges of the proxies. Whoever else connects is refused, because the one who asks says what the request
   * is. @default ['127.0.0.0/8', '::1']
   */
  readonly proxies?: readonly string[];
  /** What Envoy puts in front of the path: its `path_prefix`. @default none */
  readonly pathPrefix?: string;
  /**
   * `'sent'` has the verifier read the body that the proxy sends along: Traefik with `forwardBody`, Envoy with
   * `with_request_body`. `'unseen'` leaves it to the backend, which must hold it against `X-Countersign-Body`. @default 'unseen'
   */
  readonly body?: 'unseen' | 'sent';
  /** Told of what no verifier was asked about. @default none */
  readonly report?: GatewayReport;
};

const names: OptionNames<ForwardAuthOptions> = {
  dialect: true,
  proxies: true,
  pathPrefix: true,
  body: true,
  report: true,
  scope: true,
  accessKey: true,
};

/**
 * A listener for proxies that ask whether to let a request through: `auth_request` of nginx, ForwardAuth of Traefik, and
 * ext_authz of Envoy over HTTP. For `createServer` of `node:http`. It answers 200 with the fields `X-Countersign-…`, or with a
 * refusal.
 *
 * @throws SignatureError `invalid_configuration`
 */
export function forwardAuth(verifier: Verifier, options: ForwardAuthOptions): GatewayListener {
  requireKnownOptions(options, names, 'forwardAuth()');
  const { dialect, proxies = ['127.0.0.0/8', '::1'], pathPrefix, body = 'unseen', report } = options;
  const isProxy = parseRanges(proxies);
  const describe = createDescriber(dialect, pathPrefix);
  if (body === 'sent' && dialect === 'nginx') {
    fail('invalid_configuration', 'nginx sends no bodies along: leave body out.');
  }
  if (body !== 'sent' && verifier.needsBody) {
    fail('invalid_configuration', 'A scheme of the verifier signs the bytes of bodies, which are not seen here.');
  }

  async function judged(request: IncomingMessage): Promise<PlainResponse> {
    requireProxy(isProxy, request);
    const { received, address } = describedRequest(request, { describe, body });
    requireNoPrincipal(received.headers.keys?.() ?? []);
    const context = toVerifyContext(received, { ...options, address: () => address });
    const result = await verifier.verify(received, { ...context, ...(body === 'unseen' && { body: 'deferred' }) });
    if (!result.ok) return result.response;
    const headers = { ...result.headers, ...principalFields({ ...result, body: bodyField(result) }) };
    return { status: 200, headers, body: '' };
  }

  return async (request, response) => {
    const reply = await judged(request).catch((cause: unknown) => {
      const error = toSignatureError(cause);
      reportError(report, error, request);
      return errorResponse(error);
    });
    send(response, { request, reply: dialect === 'nginx' ? asNginxReads(reply) : reply });
  };
}

function requireProxy(isProxy: Ranges, { socket }: IncomingMessage): void {
  if (!isProxy(socket.remoteAddress ?? '')) {
    fail('untrusted_proxy', 'Only the proxy may ask here, and this is not one of its addresses.', 403);
  }
}

type Describing = {
  readonly describe: (question: AuthRequest) => DescribedRequest;
  readonly body: 'unseen' | 'sent';
};

/** The request that a proxy asks about, and where it came from. Its body is here, empty, where nothing is to come. */
function describedRequest(
  request: IncomingMessage,
  { describe, body: treatment }: Describing,
): { readonly received: ReceivedRequest; readonly address: string } {
  const { method, target, headers, body = new Uint8Array() } = receivedFromNode(request);
  const { address, ...described } = describe({ method, target, headers });
  return { received: { ...described, headers, body: treatment === 'sent' ? body : new Uint8Array() }, address };
}

/**
 * `auth_request` understands 401 and 403, and takes all else for its own failure. It reads no bodies, but headers: with these its
 * configuration can answer the caller as it would be answered without it.
 */
function asNginxReads({ status, headers, body }: PlainResponse): PlainResponse {
  if (status === 200) return { status, headers, body };
  const told = { 'X-Countersign-Status': String(status), 'X-Countersign-Problem': inAscii(body) };
  return { status: status === 401 ? 401 : 403, headers: { ...headers, ...told }, body };
}

/** JSON for a header: the same, with all escaped that is not printable ASCII (RFC 8259 section 7). */
const inAscii = (json: string): string =>
  json.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

type Sending = { readonly request: IncomingMessage; readonly reply: PlainResponse };

function send(response: ServerResponse, { request, reply: { status, headers, body } }: Sending): void {
  // What is left of a body is not waited for, and so nothing can follow it on this connection.
  const close = request.complete ? {} : { Connection: 'close' };
  response.writeHead(status, { ...headers, ...close, 'Content-Length': Buffer.byteLength(body) });
  response.end(body);
}
