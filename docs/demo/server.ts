import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { protect } from 'countersign/node';
import {
  type AuditSink,
  boundedSink,
  combineSinks,
  createVerifier,
  derivedSecrets,
  type ManagedKeys,
  managedKeys,
} from 'countersign/server';
import { sqlAudit, sqlKeys, sqlReplay } from 'countersign/sql';
import { openDatabase } from './database.ts';
import { masterIn } from './master.ts';
import { problem, route } from './routes.ts';

export type ServerOptions = {
  /** The SQLite file with keys, nonces and audit events; made where there is none, with the master secret beside it. */
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
  readonly keys: ManagedKeys;
  stop(): Promise<void>;
};

/** Starts an HTTP server on the loopback interface that answers signed requests only. */
export async function startServer({ file, port = 0, tolerance = 300, audit }: ServerOptions): Promise<RunningServer> {
  const database = await openDatabase(file);
  const secrets = derivedSecrets({ master: masterIn(`${file}.master`) });
  const keys = managedKeys({ table: sqlKeys({ database }), secrets });
  const stored = boundedSink(sqlAudit({ database }));
  const replay = sqlReplay({ database });
  const verifier = createVerifier({ keys, replay, tolerance, audit: combineSinks([stored, audit]) });

  const gate = protect(verifier, async (request, response, caller) => {
    const answer = await route(request, caller).catch(() => problem(500, 'The server failed.'));
    // Throws when the caller has gone away: then there is nobody to answer.
    await send(answer, response).catch(() => response.destroy());
  });
  const server = createServer((request, response) => {
    // One request a connection, so that a restart meets no open one.
    response.setHeader('Connection', 'close');
    return gate(request, response);
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
      await stored.idle();
      await database.destroy();
    },
  };
}

/** Answers with a Response, its body as it comes. */
async function send(answer: Response, response: ServerResponse): Promise<void> {
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  if (answer.body) await pipeline(answer.body, response);
  else response.end();
}
