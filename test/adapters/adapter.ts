import { createHash } from 'node:crypto';
import type { Server } from 'node:http';
import type { Http2SecureServer, Http2Server } from 'node:http2';
import type { Server as SecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Caller, GateOptions, Verifier } from 'countersign/server';
import type { Connect, Send } from './wire.ts';

export type AppOptions = Pick<GateOptions<never>, 'scope' | 'countersign' | 'cors'> & { readonly verifier: Verifier };

export type App = {
  /** As in `http://127.0.0.1:40001`. */
  readonly origin: string;
  close(): Promise<void>;
};

/** What handlers say of caches, each as is usual in its framework. */
export const varied = 'Accept-Language';
/** What they say of the part that they send, and of where it is. */
export const modified = { 'Content-Range': 'bytes 0-99/200', Location: '/v1/orders/7' } as const;

/**
 * One adapter in an app of its framework, which answers every request that the gate lets through with {@link answerOf}, and
 * `Vary` as {@link varied}, and the fields {@link modified}.
 */
export type Adapter = {
  readonly name: string;
  start(options: AppOptions): Promise<App>;
  readonly send: Send;
  /** Opens a connection on which HTTP/1.1 can be spoken byte by byte. @default it cannot */
  readonly connect?: Connect;
  /** A path below which the app is mounted too. */
  readonly mount?: string;
  /** A path that asks for the scope `orders:write` on its own. */
  readonly scoped?: string;
  /** A path whose handler fails: the framework answers for it. */
  readonly failing?: string;
  /** It works on a `Request`: repeated hosts and the connection are the server's affair. */
  readonly web?: true;
  /** Its router refuses paths that do not decode, before any gate. */
  readonly decodes?: true;
  /** It makes its gate anew for each request: options are checked when one arrives. */
  readonly gatePerRequest?: true;
  /** What stands in front passes on no request that has not come whole, and says itself where requests have come from. */
  readonly front?: true;
};

/** What a handler learned. */
export type Told = {
  readonly service: string;
  /** SHA-256 of the body that was verified, and of the one that the handler read. */
  readonly verified: string | undefined;
  readonly read: string;
  readonly address?: string;
};

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export const answerOf = ({ principal, body }: Caller, read: Uint8Array): Told => ({
  service: principal.service,
  verified: body && sha256(body),
  read: sha256(read),
});

export async function bytesOf(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export async function listening(server: Server | Http2Server | SecureServer | Http2SecureServer): Promise<App> {
  const sockets = new Set<{ destroy(): unknown }>();
  const secure = 'setSecureContext' in server;
  server.on('connection', (socket: { destroy(): unknown }) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `${secure ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
