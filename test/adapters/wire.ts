import { type ClientRequest, request as httpRequest, type IncomingHttpHeaders, type RequestOptions } from 'node:http';
import { connect, type SecureClientSessionOptions } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import { connect as connectSocket, type Socket } from 'node:net';
import { connect as connectTlsSocket } from 'node:tls';

/** A request, byte by byte as it is to go on the wire. */
export type Sent = {
  readonly method: string;
  readonly target: string;
  /** A list of values is sent as so many fields. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: Uint8Array | undefined;
  /** Sends the body in so many pieces, without saying how long it is. @default the body at once, with its length */
  readonly pieces?: number;
};

export type Answered = {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
};

export type Send = (origin: string, sent: Sent) => Promise<Answered>;

const piecesOf = ({ body = new Uint8Array(), pieces = 1 }: Sent): readonly Uint8Array[] =>
  Array.from({ length: pieces }, (_, i) =>
    body.subarray(Math.floor((i * body.length) / pieces), Math.floor(((i + 1) * body.length) / pieces)),
  );

const headersOf = (fields: IncomingHttpHeaders): Headers => {
  const headers = new Headers();
  for (const [name, value] of Object.entries(fields)) {
    if (!name.startsWith(':')) for (const one of [value ?? ''].flat()) headers.append(name, one);
  }
  return headers;
};

export const sendHttp1: Send = (origin, sent) => sendOver(httpRequest, origin, sent);

/** Over TLS, to a server with this certificate, in PEM; from this address, where it is given. */
export const sendTls =
  (ca: string, localAddress?: string): Send =>
  (origin, sent) =>
    sendOver((options) => httpsRequest({ ...options, ca, localAddress, servername: 'localhost' }), origin, sent);

const sendOver = (open: (options: RequestOptions) => ClientRequest, origin: string, sent: Sent): Promise<Answered> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(origin);
    const { method, target: path, headers, body, pieces } = sent;
    const length = body && !pieces ? { 'Content-Length': body.length } : {};
    const chunked = body && pieces ? { 'Transfer-Encoding': 'chunked' } : {};
    const request = open({
      hostname,
      port,
      method,
      path,
      headers: { ...headers, ...length, ...chunked },
      agent: false,
    });
    request.on('error', reject);
    request.on('response', async (response) => {
      const chunks: Buffer[] = [];
      try {
        for await (const chunk of response) chunks.push(chunk);
        resolve({
          status: response.statusCode ?? 0,
          headers: headersOf(response.headers),
          bytes: Buffer.concat(chunks),
        });
      } catch (error) {
        reject(error);
      }
    });
    if (body) for (const piece of piecesOf(sent)) if (piece.length) request.write(piece);
    request.end();
  });

export const sendHttp2: Send = (origin, sent) => sendStream({}, origin, sent);

/** HTTP/2 over TLS, to a server with this certificate, in PEM. */
export const sendHttp2Tls =
  (ca: string): Send =>
  (origin, sent) =>
    sendStream({ ca, servername: 'localhost' }, origin, sent);

const sendStream = (settings: SecureClientSessionOptions, origin: string, sent: Sent): Promise<Answered> =>
  new Promise((resolve, reject) => {
    const session = connect(origin, settings);
    session.on('error', reject);
    const { method, target, headers, body } = sent;
    const stream = session.request(
      { ':method': method, ':authority': new URL(origin).host, ':path': target, ...headers },
      { endStream: !body },
    );
    let status = 0;
    let fields = new Headers();
    const chunks: Buffer[] = [];
    stream.on('error', reject);
    stream.on('response', (found) => {
      status = found[':status'] ?? 0;
      fields = headersOf(found);
    });
    stream.on('data', (chunk) => chunks.push(chunk));
    stream.on('end', () => {
      session.close();
      resolve({ status, headers: fields, bytes: Buffer.concat(chunks) });
    });
    if (body) {
      for (const piece of piecesOf(sent)) stream.write(piece);
      stream.end();
    }
  });

/** Opens a connection on which HTTP/1.1 can be spoken byte by byte. */
export type Connect = (origin: string) => Socket;

export const connectPlain: Connect = (origin) => connectSocket(Number(new URL(origin).port), '127.0.0.1');

/** Over TLS, to a server with this certificate, in PEM. */
export const connectTls =
  (ca: string): Connect =>
  (origin) =>
    connectTlsSocket({ port: Number(new URL(origin).port), host: '127.0.0.1', ca, servername: 'localhost' });

/** Sends the head of a request and the beginning of its body, and tells what comes back before the server closes. */
export const sendBeginning = (origin: string, text: string, open: Connect = connectPlain): Promise<string> =>
  new Promise((resolve) => {
    const socket = open(origin);
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(answer));
    socket.write(text);
  });

/** Sends one part, and the other when there is an answer to the first; tells what comes back before the server closes. */
export const sendInTwo = (
  origin: string,
  [first = '', second = '']: readonly string[],
  open: Connect = connectPlain,
): Promise<string> =>
  new Promise((resolve) => {
    const socket = open(origin);
    let answer = '';
    socket.once('data', () => socket.write(second));
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(answer));
    socket.write(first);
  });

/** Sends the beginning of a request, and hangs up. */
export const hangUp = (origin: string, text: string, open: Connect = connectPlain): Promise<void> =>
  new Promise((resolve) => {
    const socket = open(origin);
    socket.on('error', () => {});
    socket.on('close', () => resolve());
    socket.write(text, () => setTimeout(() => socket.destroy(), 50));
  });

/** A fetch that sends in this way, and follows no redirects. */
export const fetchOver =
  (send: Send): typeof globalThis.fetch =>
  async (input, init) => {
    const request = new Request(input, init);
    const { origin } = new URL(request.url);
    const body = request.body ? new Uint8Array(await request.arrayBuffer()) : undefined;
    const headers = Object.fromEntries(request.headers);
    const sent = { method: request.method, target: request.url.slice(origin.length), headers, body };
    const answered = await send(origin, sent);
    const { status, bytes } = answered;
    return new Response(bytes.length ? Uint8Array.from(bytes) : null, { status, headers: answered.headers });
  };
