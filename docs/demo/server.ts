import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type AuditSink, createVerifier, type Verifier } from 'countersign/server';
import { type Keys, sqliteKeys } from './keys.ts';
import { receivedFrom, send } from './received.ts';
import { sqliteReplay } from './replay.ts';
import { problem, route } from './routes.ts';
import { openDatabase } from './sqlite.ts';

export type ServerOptions = {
  /** The SQLite file with keys and nonces; made where there is none. */
  readonly file: string;
  /** @default 0, which is any free one */
  readonly port?: number;
  /** How far a timestamp may be from this server's time, in seconds. @default 300 */
  readonly tolerance?: number;
  /** Told of every attempt, once. */
  readonly audit: AuditSink;
};

export type RunningServer = {
  readonly origin: string;
  readonly keys: Keys;
  stop(): Promise<void>;
};

/** Starts an HTTP server on the loopback interface that answers signed requests only. */
export async function startServer({ file, port = 0, tolerance = 300, audit }: ServerOptions): Promise<RunningServer> {
  const database = openDatabase(file);
  const keys = sqliteKeys(database);
  const verifier = createVerifier({ keys, replay: sqliteReplay(database), tolerance, audit });
  const server = createServer(async (incoming, outgoing) => {
    // One request a connection: a refused body need not be read to its end, and a restart meets no open connection.
    outgoing.setHeader('Connection', 'close');
    const response = await answer(verifier, incoming).catch(() => problem(500, 'The server failed.'));
    // Throws when the caller has gone away: then there is nobody to answer.
    await send(response, outgoing).catch(() => outgoing.destroy());
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    keys,
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
      database.close();
    },
  };
}

async function answer(verifier: Verifier, incoming: IncomingMessage): Promise<Response> {
  const address = incoming.socket.remoteAddress;
  const result = await verifier.verify(receivedFrom(incoming), address ? { address } : {});
  if (result.ok) return route(result);
  const { status, headers, body } = result.reply;
  return new Response(body, { status, headers });
}
