import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { fail, SignatureError } from '../core/errors.ts';
import type { RawFields } from './forward-fields.ts';

/** The address of a backend, and timeouts. */
export type UpstreamOptions = {
  /** For example `http://127.0.0.1:9302`, `https://backend.internal` or `unix:/run/backend.sock`. */
  readonly upstream: string;
  /** Holds the connections to the backend. Pass your own for client certificates or an outgoing proxy. @default a new agent */
  readonly agent?: HttpAgent;
  /** How long to wait for a connection, in milliseconds. @default 5000 */
  readonly connectTimeout?: number;
  /** How long the backend may be idle while the gateway waits for it, in milliseconds. @default 60000 */
  readonly timeout?: number;
  /**
   * How long an idle connection is kept, in milliseconds. Must be shorter than the backend's own timeout: otherwise requests are
   * lost that are sent while the backend closes the connection. @default 1000
   */
  readonly keepAliveTimeout?: number;
};

/** The head of a request to a backend. */
export type Head = { readonly method: string; readonly target: string; readonly fields: RawFields };

/** A request in transit to the backend. */
export type Sending = {
  /**
   * The head of the response.
   *
   * @throws SignatureError `upstream_unavailable`, `upstream_timeout`, or the error that the request was aborted with.
   */
  readonly response: Promise<IncomingMessage>;
  /** Sends the body. Resolves when the body has been read to its end, even if the backend stopped reading. @throws errors of the body */
  send(body: AsyncIterable<Uint8Array>): Promise<void>;
  /** Aborts the request: neither the backend nor the caller gets the rest. */
  giveUp(cause: SignatureError): void;
  /** The first error that the request was aborted with. */
  reason(): SignatureError | undefined;
};

/**
 * Creates the function that sends requests to a backend.
 *
 * @throws SignatureError `invalid_configuration`
 */
export function createUpstream(options: UpstreamOptions): (head: Head) => Sending {
  const { connectTimeout = 5000, timeout = 60_000 } = options;
  if (!(connectTimeout > 0 && timeout > 0)) {
    fail('invalid_configuration', 'connectTimeout and timeout must be positive numbers of milliseconds.');
  }
  const open = createOpener(options);
  return (head) => startSending(open(head), { connectTimeout, timeout });
}

function createOpener({ upstream, agent, keepAliveTimeout = 1000 }: UpstreamOptions): (head: Head) => ClientRequest {
  if (!(keepAliveTimeout > 0)) {
    fail('invalid_configuration', 'keepAliveTimeout must be a positive number of milliseconds.');
  }
  const kept = { keepAlive: true, timeout: keepAliveTimeout };
  const [, socketPath] = /^unix:(\/.+)$/.exec(upstream) ?? [];
  const url = socketPath === undefined && URL.canParse(upstream) ? new URL(upstream) : undefined;
  if (!socketPath && !(url && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`)) {
    fail('invalid_configuration', 'upstream must look like http://127.0.0.1:9302 or unix:/run/backend.sock.');
  }
  const secure = url?.protocol === 'https:';
  const request = secure ? httpsRequest : httpRequest;
  const pool = agent ?? (secure ? new HttpsAgent(kept) : new HttpAgent(kept));
  // `hostname` has an IPv6 address in brackets, which `host` must not have.
  const place = url ? { host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port || undefined } : { socketPath };
  return ({ method, target, fields }) => request({ ...place, method, path: target, headers: fields, agent: pool });
}

type Timeouts = Required<Pick<UpstreamOptions, 'connectTimeout' | 'timeout'>>;

function startSending(outgoing: ClientRequest, { connectTimeout, timeout }: Timeouts): Sending {
  let turn: 'caller' | 'backend' = 'caller';
  let reason: SignatureError | undefined;
  const giveUp = (cause: SignatureError) => {
    reason ??= cause;
    outgoing.destroy(cause);
  };
  const late = (what: string) => giveUp(new SignatureError('upstream_timeout', `The backend ${what}.`, 504));
  outgoing.once('socket', (socket) => {
    if (socket.connecting) giveUpAfter(socket, connectTimeout, () => late('did not accept a connection in time'));
    // Slow callers are covered by the server's own requestTimeout.
    const idle = () => turn === 'backend' && late('was idle for too long');
    // A timeout of the request would fire only once. The agent sets its own again for idle connections.
    socket.setTimeout(timeout).on('timeout', idle);
    outgoing.once('close', () => socket.off('timeout', idle));
  });
  const response = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once('response', (incoming) => {
      turn = 'backend';
      incoming.once('aborted', () => giveUp(unavailable("The backend's response was interrupted.")));
      resolve(incoming);
    });
    const failed = (cause?: Error) => reject(reason ?? unavailable('The backend did not respond.', cause));
    outgoing.on('error', failed);
    outgoing.once('close', () => failed());
  });
  // A request that is aborted early has no one waiting for the response.
  response.catch(() => {});
  return {
    response,
    giveUp,
    reason: () => reason,
    async send(body) {
      for await (const chunk of body) {
        // Read to the end in any case: a response is signed only after the body is verified.
        if (outgoing.destroyed) continue;
        turn = 'backend';
        await writeChunk(outgoing, chunk);
        turn = 'caller';
      }
      turn = 'backend';
      outgoing.end();
    },
  };
}

function giveUpAfter(socket: Socket, milliseconds: number, late: () => void): void {
  const timer = setTimeout(late, milliseconds);
  for (const event of ['connect', 'close']) socket.once(event, () => clearTimeout(timer));
}

const unavailable = (message: string, cause?: Error): SignatureError =>
  new SignatureError('upstream_unavailable', message, 502, { cause });

/** Writes a chunk, and waits if the buffer is full. Not with `drain`: Node does not emit it after the response has ended. */
function writeChunk(outgoing: ClientRequest, chunk: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      outgoing.off('close', done);
      resolve();
    };
    outgoing.once('close', done);
    if (outgoing.write(chunk, done)) done();
  });
}
