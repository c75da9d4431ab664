import { Buffer } from 'node:buffer';
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import { fail } from '../core/errors.ts';
import { hasLostHeaders, headerView, receivedFromNode, refuseLost } from '../node/received.ts';
import { checkRequirements, type GateOptions, toVerifyContext } from '../server/gate.ts';
import { type OptionNames, readOptions } from '../server/known-options.ts';
import { type Cors, createCors } from '../server/response/cors.ts';
import { errorResponse, type PlainResponse, toResponse } from '../server/response/refusal-response.ts';
import type { ReceivedRequest } from '../server/verify/message.ts';
import type { Verified } from '../server/verify/result.ts';
import type { Verifier } from '../server/verify/verifier.ts';
import { createForward, hasSmallBody } from './forward.ts';
import { endToEndFields, type RawFields, withFields } from './forward-fields.ts';
import { forwardableFields } from './forwarding-allow-list.ts';
import { drainBody, type GatewayListener, type GatewayReport, reportError, toSignatureError } from './listener.ts';
import { createUpstream, type UpstreamOptions } from './upstream.ts';

/** The backend that verified requests are forwarded to, and limits. */
export type ReverseProxyOptions = UpstreamOptions &
  Pick<GateOptions<ReceivedRequest>, 'scope' | 'sessions' | 'accessKey' | 'countersign' | 'cors'> & {
    /** Maximum size of a forwarded request body, in bytes. @default 10485760 (10 MiB) */
    readonly maxBodyBytes?: number;
    /** Maximum size of a response that is buffered for its countersignature, in bytes. @default 10485760 (10 MiB) */
    readonly maxResponseBytes?: number;
    /**
     * Names of headers to forward although they are unsigned, such as `Cookie`, or although the backend may trust them. Anyone in
     * between can add them and change their values. @default []
     */
    readonly passHeaders?: readonly string[];
    /** A path such as `/healthz` that gets 200 without a signature, and is not forwarded. @default none */
    readonly health?: string;
    /** Called with errors that occur outside the verifier. @default none */
    readonly report?: GatewayReport;
  };

const names: OptionNames<ReverseProxyOptions> = {
  upstream: true,
  agent: true,
  connectTimeout: true,
  timeout: true,
  keepAliveTimeout: true,
  scope: true,
  sessions: true,
  accessKey: true,
  countersign: true,
  cors: true,
  maxBodyBytes: true,
  maxResponseBytes: true,
  passHeaders: true,
  health: true,
  report: true,
};

/**
 * A listener that forwards verified requests to a backend, and its responses to the caller. It refuses all others. For
 * `createServer` of `node:http` and `node:https`; register it for the event `checkContinue` as well. Bodies are hashed while they
 * are forwarded; the backend gets the last chunk only after the digest is verified.
 *
 * @throws SignatureError `invalid_configuration`
 * @example
 * import { createServer } from 'node:http';
 * import { reverseProxy } from 'countersign/gateway';
 * import { createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
 *
 * const verifier = createVerifier({ keys: memoryKeys([]), replay: memoryReplay() });
 * const listener = reverseProxy(verifier, { upstream: 'http://127.0.0.1:9302' });
 * createServer(listener).on('checkContinue', listener).listen(9301);
 */
export function reverseProxy(verifier: Verifier, given: ReverseProxyOptions): GatewayListener {
  const options = readOptions(given, names, 'reverseProxy()');
  checkRequirements(options, 'reverseProxy()');
  const {
    maxBodyBytes = 10 * 2 ** 20,
    maxResponseBytes = 10 * 2 ** 20,
    countersign = 'never',
    health,
    report,
  } = options;
  if (!(maxBodyBytes >= 0 && maxResponseBytes >= 0)) {
    fail('invalid_configuration', 'maxBodyBytes and maxResponseBytes must be numbers of bytes.');
  }
  if (!/^\/[^?#]*$/.test(health ?? '/')) fail('invalid_configuration', 'health must look like /healthz.');
  const cors = options.cors && createCors(options.cors, verifier.fields);
  const passable = forwardableFields({ passHeaders: options.passHeaders ?? [] });
  const forward = createForward({
    send: createUpstream(options),
    passable,
    maxBodyBytes,
    maxResponseBytes,
    countersign,
    cors,
  });

  async function verifyAndForward(exchange: Exchange): Promise<void> {
    const { request } = exchange;
    requirePassable(request);
    const fields = endToEndFields(request.rawHeaders);
    const received = receivedFor(exchange, fields);
    const preflight = cors?.preflight(received);
    if (preflight) return respond(exchange, { plain: preflight });
    const address = () => request.socket.remoteAddress;
    const context = toVerifyContext(received, { ...options, address });
    // A small body is read completely before the nonce is claimed.
    const result = await verifier.verify(received, {
      ...context,
      body: hasSmallBody(request) ? 'read' : 'deferred',
    });
    if (!result.ok) return respond(exchange, { plain: result.response, cors });
    return forwardVerified(exchange, { verified: result, fields });
  }

  async function forwardVerified(exchange: Exchange, verified: VerifiedParts): Promise<void> {
    try {
      await forward({ ...exchange, ...verified });
    } catch (cause) {
      await respondWithError(exchange, { cause, verified: verified.verified, cors, report });
    }
  }

  return async (request, response) => {
    const exchange = { request, response };
    if (health !== undefined && request.url === health && /^(?:GET|HEAD)$/.test(request.method ?? '')) {
      return respond(exchange, { plain: { status: 200, headers: { 'Cache-Control': 'no-store' }, body: '' } });
    }
    await verifyAndForward(exchange).catch((cause: unknown) => respondWithError(exchange, { cause, cors, report }));
  };
}

/** A request and its response. */
export type Exchange = { readonly request: IncomingMessage; readonly response: ServerResponse };

type VerifiedParts = {
  readonly verified: Verified<ReceivedRequest>;
  /** The fields of the request, without hop-by-hop fields. */
  readonly fields: RawFields;
};

/** @throws SignatureError `upgrade_refused`, `malformed_field` */
function requirePassable(request: IncomingMessage): void {
  const { headers } = request;
  // Other upgrades, such as h2c, may be ignored (RFC 9110 section 7.8). A WebSocket client cannot continue without one.
  if (/websocket/i.test(headers.upgrade ?? '')) {
    fail('upgrade_refused', 'The gateway does not forward upgraded connections, such as WebSockets.', 501);
  }
  if (hasLostHeaders(request)) refuseLost();
  const coding = headers['transfer-encoding'];
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') {
    fail('malformed_field', 'Transfer-Encoding must be chunked and nothing else.');
  }
}

/** The request to verify: without the fields that are not forwarded. Reading `body` sends 100 Continue if the caller waits for it. */
function receivedFor({ request, response }: Exchange, fields: RawFields): ReceivedRequest {
  const { body = new Uint8Array(), ...received } = receivedFromNode(request);
  return {
    ...received,
    headers: headerView(fields),
    get body() {
      goOn(request, response);
      return body;
    },
  };
}

/** Sends 100 Continue once, to a caller that waits for it before it sends the body (RFC 9110 section 10.1.1). */
function goOn(request: IncomingMessage, response: ServerResponse): void {
  if (waits(request, response)) response.writeContinue();
}

// Node itself sends 100 Continue if there is no listener for `checkContinue`.
const waits = ({ headers, httpVersion }: IncomingMessage, response: ServerResponse): boolean =>
  httpVersion === '1.1' &&
  /100-continue/i.test(headers.expect ?? '') &&
  !(response as unknown as { readonly _sent100: boolean })._sent100;

type Failure = {
  readonly cause: unknown;
  readonly verified?: Verified<ReceivedRequest>;
  readonly cors: Cors | undefined;
  readonly report: GatewayReport | undefined;
};

async function respondWithError(exchange: Exchange, { cause, verified, cors, report }: Failure): Promise<void> {
  const { request, response } = exchange;
  const error = toSignatureError(cause);
  // A caller that disconnects is not an error.
  if (error.code !== 'body_interrupted') reportError(report, error, request);
  if (response.destroyed) return;
  // A partial response must not look complete.
  if (response.headersSent) response.destroy();
  else await respond(exchange, { plain: errorResponse(error, verified?.scheme ?? 'gateway'), verified, cors });
}

type Responding = {
  readonly plain: PlainResponse;
  readonly verified?: Verified<ReceivedRequest> | undefined;
  readonly cors?: Cors | undefined;
};

/** Sends a response of the gateway itself; countersigned, if the caller is authenticated. */
async function respond({ request, response }: Exchange, { plain, verified, cors }: Responding): Promise<void> {
  const { status, headers, body } = { ...plain, headers: { ...verified?.headers, ...plain.headers } };
  // Not every scheme signs responses.
  const signed = await verified?.countersign(toResponse({ status, headers, body })).catch(() => undefined);
  const whole = signed ? Object.fromEntries(signed.headers) : headers;
  const origin = request.headers.origin ?? null;
  const shared = cors?.share(origin, new Headers(whole)) ?? {};
  const length = status === 204 ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
  const fields = withFields(Object.entries(whole).flat(), { ...shared, ...length });
  // Set explicitly: after Node has refused to write an invalid reason phrase it keeps it, and would throw again.
  response.writeHead(status, STATUS_CODES[status] ?? '', [...fields]);
  // A caller that was not asked to continue sends no body.
  if (waits(request, response)) return void response.end(body);
  // The response is complete, but not ended yet: Node may close the connection when it ends.
  response.write(body);
  drainBody(request, () => response.end());
}
