import { Buffer } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { fail } from '../core/errors.ts';
import { receivedFromNode } from '../node/received.ts';
import { checkRequirements, type GateOptions, toVerifyContext } from '../server/gate.ts';
import { type OptionNames, readOptions } from '../server/known-options.ts';
import { parseRanges, type Ranges } from '../server/ranges.ts';
import { errorResponse, type PlainResponse } from '../server/response/refusal-response.ts';
import type { ReceivedRequest } from '../server/verify/message.ts';
import type { Verifier } from '../server/verify/verifier.ts';
import { type AuthRequest, createDescriber, type DescribedRequest, type Dialect } from './describe-request.ts';
import { type GatewayListener, type GatewayReport, reportError, toSignatureError } from './listener.ts';
import { bodyField, principalFields, requireNoPrincipal } from './principal-fields.ts';

/** Which proxy uses {@link forwardAuth}, and how. */
export type ForwardAuthOptions = Pick<GateOptions<ReceivedRequest>, 'scope' | 'sessions' | 'accessKey'> & {
  /** The kind of proxy. Never detected: behind one kind of proxy, callers can set the headers of another. */
  readonly dialect: Dialect;
  /**
   * Addresses and CIDR ranges of the proxies. Other clients are refused, because a client of this listener describes the request
   * to verify. @default ['127.0.0.0/8', '::1']
   */
  readonly proxies?: readonly string[];
  /** The path prefix that Envoy adds: its `path_prefix`. @default none */
  readonly pathPrefix?: string;
  /**
   * `'sent'`: the verifier reads the body that the proxy sends (Traefik with `forwardBody`, Envoy with `with_request_body`).
   * `'unseen'`: the backend must compare the body with `X-Countersign-Body`. @default 'unseen'
   */
  readonly body?: 'unseen' | 'sent';
  /** Called with errors that occur outside the verifier. @default none */
  readonly report?: GatewayReport;
};

const names: OptionNames<ForwardAuthOptions> = {
  dialect: true,
  proxies: true,
  pathPrefix: true,
  body: true,
  report: true,
  scope: true,
  sessions: true,
  accessKey: true,
};

/**
 * A listener for proxies that delegate authentication: `auth_request` of nginx, ForwardAuth of Traefik, and ext_authz of Envoy
 * over HTTP. For `createServer` of `node:http`. It responds with 200 and the fields `X-Countersign-…`, or with a refusal.
 *
 * @throws SignatureError `invalid_configuration`
 * @example
 * import { createServer } from 'node:http';
 * import { forwardAuth } from 'countersign/gateway';
 * import { createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
 *
 * const verifier = createVerifier({ keys: memoryKeys([]), replay: memoryReplay() });
 * createServer(forwardAuth(verifier, { dialect: 'nginx' })).listen(9301);
 */
export function forwardAuth(verifier: Verifier, given: ForwardAuthOptions): GatewayListener {
  const options = readOptions(given, names, 'forwardAuth()');
  checkRequirements(options, 'forwardAuth()');
  const { dialect, proxies = ['127.0.0.0/8', '::1'], pathPrefix, body = 'unseen', report } = options;
  const isProxy = parseRanges(proxies);
  const describe = createDescriber(dialect, pathPrefix);
  if (body === 'sent' && dialect === 'nginx') {
    fail('invalid_configuration', 'nginx does not send bodies: leave body out.');
  }
  if (body !== 'sent' && verifier.needsBody) {
    fail(
      'invalid_configuration',
      "A scheme of the verifier signs the bytes of bodies: set body to 'sent', which nginx does not support.",
    );
  }

  async function verify(request: IncomingMessage): Promise<PlainResponse> {
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
    const result = await verify(request).catch((cause: unknown) => {
      const error = toSignatureError(cause);
      reportError(report, error, request);
      return errorResponse(error, 'gateway');
    });
    send(response, { request, result: dialect === 'nginx' ? forNginx(result) : result });
  };
}

function requireProxy(isProxy: Ranges, { socket }: IncomingMessage): void {
  if (!isProxy(socket.remoteAddress ?? '')) {
    fail('untrusted_proxy', 'Only the proxy may use this endpoint, and this address is not among proxies.', 403);
  }
}

type Describing = {
  readonly describe: (request: AuthRequest) => DescribedRequest;
  readonly body: 'unseen' | 'sent';
};

/** The original request and the client's address. If the body is not sent, it is set to no bytes, so that nothing is awaited. */
function describedRequest(
  request: IncomingMessage,
  { describe, body: treatment }: Describing,
): { readonly received: ReceivedRequest; readonly address: string } {
  const { method, target, headers, body = new Uint8Array() } = receivedFromNode(request);
  const { address, ...described } = describe({ method, target, headers });
  return { received: { ...described, headers, body: treatment === 'sent' ? body : new Uint8Array() }, address };
}

/**
 * `auth_request` handles 401 and 403, and treats any other status as its own failure. It ignores the body but passes headers on:
 * with these, its configuration can send the caller the original status and problem details.
 */
function forNginx({ status, headers, body }: PlainResponse): PlainResponse {
  if (status === 200) return { status, headers, body };
  const problem = { 'X-Countersign-Status': String(status), 'X-Countersign-Problem': inAscii(shortened(body)) };
  return { status: status === 401 ? 401 : 403, headers: { ...headers, ...problem }, body };
}

/** In characters. nginx reads all headers of a response into one buffer, of 4 KiB on many machines. */
const longestProblem = 2560;

/** Leaves out what explains a refusal where it is too long for a header. */
function shortened(body: string): string {
  if (body.length <= longestProblem) return body;
  const { stringToSign: _, ...problem } = JSON.parse(body);
  const short = JSON.stringify(problem);
  return short.length <= longestProblem ? short : JSON.stringify({ ...problem, differences: undefined });
}

/** JSON for a header, with all characters escaped that are not printable ASCII (RFC 8259 section 7). */
const inAscii = (json: string): string =>
  json.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

type Sending = { readonly request: IncomingMessage; readonly result: PlainResponse };

function send(response: ServerResponse, { request, result: { status, headers, body } }: Sending): void {
  // The rest of an unread body is not awaited, so the connection cannot be reused.
  const close = request.complete ? {} : { Connection: 'close' };
  response.writeHead(status, { ...headers, ...close, 'Content-Length': Buffer.byteLength(body) });
  response.end(body);
}
