import { Buffer } from 'node:buffer';
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import { fail } from '../core/errors.ts';
import { headerView, receivedFromNode } from '../node/received.ts';
import { type GateOptions, toVerifyContext } from '../server/gate.ts';
import { type OptionNames, requireKnownOptions } from '../server/known-options.ts';
import { type Cors, createCors } from '../server/response/cors.ts';
import { type PlainResponse, toResponse } from '../server/response/refusal-response.ts';
import type { ReceivedRequest } from '../server/verify/message.ts';
import type { Verified } from '../server/verify/result.ts';
import type { Verifier } from '../server/verify/verifier.ts';
import { createForward, type Forward, maxBufferedBody } from './forward.ts';
import { endToEndFields, type RawFields, withFields } from './forward-fields.ts';
import { forwardableFields } from './forwardable-fields.ts';
import {
  drainBody,
  errorResponse,
  type GatewayListener,
  type GatewayReport,
  reportError,
  toSignatureError,
} from './listener.ts';
import { createUpstream, type UpstreamOptions } from './upstream.ts';

/** Where verified requests are passed on to, and within what limits. */
export type ReverseProxyOptions = UpstreamOptions &
  Pick<GateOptions<ReceivedRequest>, 'scope' | 'accessKey' | 'countersign' | 'cors'> & {
    /** The largest body that is passed on, in bytes. @default 10485760 (10 MiB) */
    readonly maxBodyBytes?: number;
    /** The largest answer that is held to be countersigned, in bytes. @default 10485760 (10 MiB) */
    readonly maxResponseBytes?: number;
    /**
     * Names of headers that the backend gets although no signature covers them, such as `Cookie`, or although it may believe them.
     * Somebody on the way can add them, and change their values. @default []
     */
    readonly passHeaders?: readonly string[];
    /** A path that is answered with 200 to whoever asks, as in `/healthz`; it never reaches the backend. @default none */
    readonly health?: string;
    /** Told of what went wrong beside the verifier. @default none */
    readonly report?: GatewayReport;
  };

const names: OptionNames<ReverseProxyOptions> = {
  upstream: true,
  agent: true,
  connectTimeout: true,
  timeout: true,
  keepAliveTimeout: true,
  scope: true,
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
 * A listener that passes verified requests on to a backend, and its answers back; the others it answers itself. For
 * `createServer` of `node:http` and `node:https`, there for the event `checkContinue` too. A body is hashed as it passes, and its
 * last piece reaches the backend only when it is known to be the one that was signed.
 *
 * @throws SignatureError `invalid_configuration`
 */
export function reverseProxy(verifier: Verifier, options: ReverseProxyOptions): GatewayListener {
  requireKnownOptions(options, names, 'reverseProxy()');
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
  const passOn = createForward({
    send: createUpstream(options),
    passable,
    maxBodyBytes,
    maxResponseBytes,
    countersign,
    cors,
  });

  async function judge(exchange: Exchange): Promise<void> {
    const { request } = exchange;
    requirePassable(request);
    const fields = endToEndFields(request.rawHeaders);
    const received = receivedFor(exchange, fields);
    const preflight = cors?.preflight(received);
    if (preflight) return reply(exchange, { reply: preflight });
    const address = () => request.socket.remoteAddress;
    const context = toVerifyContext(received, { ...options, address });
    // What is small is read whole before its nonce is spent.
    const result = await verifier.verify(received, {
      ...context,
      body: maxBufferedBody(request) ? 'read' : 'deferred',
    });
    if (!result.ok) return reply(exchange, { reply: result.response, cors });
    return passVerified(exchange, { verified: result, fields, passOn });
  }

  async function passVerified(exchange: Exchange, given: Passed): Promise<void> {
    try {
      await given.passOn({ ...exchange, ...given });
    } catch (cause) {
      await answerError(exchange, { cause, verified: given.verified, cors, report });
    }
  }

  return async (request, response) => {
    const exchange = { request, response };
    if (health !== undefined && request.url === health && /^(?:GET|HEAD)$/.test(request.method ?? '')) {
      return reply(exchange, { reply: { status: 200, headers: { 'Cache-Control': 'no-store' }, body: '' } });
    }
    await judge(exchange).catch((cause: unknown) => answerError(exchange, { cause, cors, report }));
  };
}

/** A request, and where it is answered. */
export type Exchange = { readonly request: IncomingMessage; readonly response: ServerResponse };

type Passed = {
  readonly verified: Verified<ReceivedRequest>;
  /** Of the request, but for those of the connection. */
  readonly fields: RawFields;
  readonly passOn: Forward;
};

/** @throws SignatureError `upgrade_refused`, `malformed_field` */
function requirePassable({ headers }: IncomingMessage): void {
  // Others, such as h2c, may be passed over (RFC 9110 section 7.8); who asks for this one wants nothing else.
  if (/websocket/i.test(headers.upgrade ?? '')) {
    fail('upgrade_refused', 'The gateway passes on no connections, such as WebSockets.', 501);
  }
  const coding = headers['transfer-encoding'];
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') {
    fail('malformed_field', 'Transfer-Encoding must be chunked and nothing else.');
  }
}

/** The request as it is to be judged: what is not passed on does not count. Its body is asked for when it is read. */
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

/** Lets a caller go on that waits for leave to send its body (RFC 9110 section 10.1.1), once. */
function goOn(request: IncomingMessage, response: ServerResponse): void {
  if (waits(request, response)) response.writeContinue();
}

// Node says itself that it has told the caller, where nobody listens to `checkContinue`.
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

async function answerError(exchange: Exchange, { cause, verified, cors, report }: Failure): Promise<void> {
  const { request, response } = exchange;
  const error = toSignatureError(cause);
  // Callers who leave are nobody's fault.
  if (error.code !== 'body_interrupted') reportError(report, error, request);
  if (response.destroyed) return;
  // A caller who has got part of an answer must not take it for the whole.
  if (response.headersSent) response.destroy();
  else await reply(exchange, { reply: errorResponse(error, verified?.scheme), verified, cors });
}

type Replying = {
  readonly reply: PlainResponse;
  readonly verified?: Verified<ReceivedRequest> | undefined;
  readonly cors?: Cors | undefined;
};

/** Answers in place of the backend: with a countersignature, where the caller is proved. */
async function reply({ request, response }: Exchange, { reply: given, verified, cors }: Replying): Promise<void> {
  const { status, headers, body } = { ...given, headers: { ...verified?.headers, ...given.headers } };
  // Not every scheme signs answers.
  const signed = await verified?.countersign(toResponse({ status, headers, body })).catch(() => undefined);
  const whole = signed ? Object.fromEntries(signed.headers) : headers;
  const origin = request.headers.origin ?? null;
  const shared = cors?.share(origin, new Headers(whole)) ?? {};
  const length = status === 204 ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
  const fields = withFields(Object.entries(whole).flat(), { ...shared, ...length });
  // Said anew: Node keeps the phrase of an answer that it has refused to write, and would refuse it once more.
  response.writeHead(status, STATUS_CODES[status] ?? '', [...fields]);
  // Who has no leave to send a body sends none.
  if (waits(request, response)) return void response.end(body);
  // The answer is whole without being ended; once it is, Node closes the connection where its caller has asked for that.
  response.write(body);
  drainBody(request, () => response.end());
}
