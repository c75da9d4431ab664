import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { fail, SignatureError } from '../core/errors.ts';
import type { RawFields } from './forward-fields.ts';

/** Where a backend is, and how long it is waited for. */
export type UpstreamOptions = {
  /** As in `http://127.0.0.1:9302`, `https://backend.internal` or `unix:/run/backend.sock`. */
  readonly upstream: string;
  /** Keeps the connections to the backend; for certificates and proxies of your own. @default one of the gateway's own */
  readonly agent?: HttpAgent;
  /** How long a connection may take to come about, in milliseconds. @default 5000 */
  readonly connectTimeout?: number;
  /** How long the backend may be silent, in milliseconds, while it is its turn. @default 60000 */
  readonly timeout?: number;
  /**
   * How long a connection is kept that has nothing to do, in milliseconds: shorter than the backend does, or requests are lost that
   * meet its end. @default 1000
   */
  readonly keepAliveTimeout?: number;
};

/** The head of a request to a backend. */
export type Head = { readonly method: string; readonly target: string; readonly fields: RawFields };

/** A request on its way to a backend. */
export type Sending = {
  /**
   * The head of the answer.
   *
   * @throws SignatureError `upstream_unavailable`, `upstream_timeout`, or what it was given up for.
   */
  readonly answer: Promise<IncomingMessage>;
  /** Sends the body, and resolves when it has come to its end, also where nobody takes any more of it. @throws what the body throws */
  send(body: AsyncIterable<Uint8Array>): Promise<void>;
  /** Gives the request up: the backend never gets the rest of it, nor its caller the rest of the answer. */
  giveUp(cause: SignatureError): void;
  /** What it was given up for first. */
  reason(): SignatureError | undefined;
};

/**
 * How requests are sent to a backend.
 *
 * @throws SignatureError `invalid_configuration`
 */
export function createUpstream(options: UpstreamOptions): (head: Head) => Sending {
  const { connectTimeout = 5000, timeout = 60_000 } = options;
  if (!(connectTimeout > 0 && timeout > 0)) {
    fail('invalid_configuration', 'connectTimeout and timeout must be positive numbers of milliseconds.');
  }
  const open = openerOf(options);
  return (head) => sendingBy(open(head), { connectTimeout, timeout });
}

function openerOf({ upstream, agent, keepAliveTimeout = 1000 }: UpstreamOptions): (head: Head) => ClientRequest {
  if (!(keepAliveTimeout > 0)) fail('invalid_configuration', 'keepAliveTimeout must be positive, in milliseconds.');
  const kept = { keepAlive: true, timeout: keepAliveTimeout };
  const [, socketPath] = /^unix:(\/.+)$/.exec(upstream) ?? [];
  const url = socketPath === undefined && URL.canParse(upstream) ? new URL(upstream) : undefined;
  if (!socketPath && !(url && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`)) {
    fail('invalid_configuration', 'upstream must look like http://127.0.0.1:9302 or unix:/run/backend.sock.');
  }
  const secure = url?.protocol === 'https:';
  const request = secure ? httpsRequest : httpRequest;
  const pool = agent ?? (secure ? new HttpsAgent(kept) : new HttpAgent(kept));
  // Brackets are for addresses in URLs.
  const place = url ? { host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port || undefined } : { socketPath };
  return ({ method, target, fields }) => request({ ...place, method, path: target, headers: fields, agent: pool });
}

type Patience = Required<Pick<UpstreamOptions, 'connectTimeout' | 'timeout'>>;

function sendingBy(outgoing: ClientRequest, { connectTimeout, timeout }: Patience): Sending {
  let turn: 'caller' | 'backend' = 'caller';
  let reason: SignatureError | undefined;
  const giveUp = (cause: SignatureError) => {
    reason ??= cause;
    outgoing.destroy(cause);
  };
  const late = (what: string) => giveUp(new SignatureError('upstream_timeout', `The backend ${what}.`, 504));
  outgoing.once('socket', (socket) => {
    if (socket.connecting) giveUpAfter(socket, connectTimeout, () => late('has accepted no connection'));
    // Callers who are slow are the server's affair: its requestTimeout.
    const idle = () => turn === 'backend' && late('was silent for too long');
    // Of the request, Node would tell this once only. An agent has its own for connections that it keeps, and sets it again.
    socket.setTimeout(timeout).on('timeout', idle);
    outgoing.once('close', () => socket.off('timeout', idle));
  });
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once('response', (incoming) => {
      turn = 'backend';
      incoming.once('aborted', () => giveUp(unavailable('The answer of the backend has broken off.')));
      resolve(incoming);
    });
    const unanswered = (cause?: Error) => reject(reason ?? unavailable('The backend has given no answer.', cause));
    outgoing.on('error', unanswered);
    outgoing.once('close', () => unanswered());
  });
  // Who gives up before there is one does not wait for it.
  answer.catch(() => {});
  return {
    answer,
    giveUp,
    reason: () => reason,
    async send(body) {
      for await (const piece of body) {
        // To the end all the same: an answer is only signed once the body is known to be right.
        if (outgoing.destroyed) continue;
        turn = 'backend';
        await taken(outgoing, piece);
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

/** Writes, and waits where nothing more is to be written now. Not for `drain`, which Node emits no more once the answer has ended. */
function taken(outgoing: ClientRequest, piece: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      outgoing.off('close', done);
      resolve();
    };
    outgoing.once('close', done);
    if (outgoing.write(piece, done)) done();
  });
}
