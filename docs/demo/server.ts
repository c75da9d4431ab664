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
  /** The SQLite file with keys, nonces and audit events. Created if it does not exist, with the master secret in a file next to it. */
  readonly file: string;
  /** @default 0, which is any free port */
  readonly port?: number;
  /** The largest difference between a timestamp and this server's time, in seconds. @default 300 */
  readonly tolerance?: number;
  /** Called once for each attempt. */
  readonly audit: AuditSink;
};

export type RunningServer = {
  readonly origin: string;
  readonly keys: ManagedKeys;
  stop(): Promise<void>;
};

/** Starts an HTTP server on the loopback interface that accepts only signed requests. */
export async function startServer({ file, port = 0, tolerance = 300, audit }: ServerOptions): Promise<RunningServer> {
  const database = await openDatabase(file);
  const secrets = derivedSecrets({ master: masterIn(`${file}.master`) });
  const keys = managedKeys({ table: sqlKeys({ database }), secrets });
  const stored = boundedSink(sqlAudit({ database }));
  const replay = sqlReplay({ database });
  const verifier = createVerifier({ keys, replay, tolerance, audit: combineSinks([stored, audit]) });

  const gate = protect(verifier, async (request, response, caller) => {
    const result = await route(request, caller).catch(() => problem(500, 'The server failed.'));
    // Throws if the caller has closed the connection.
    await send(result, response).catch(() => response.destroy());
  });
  const server = createServer((request, response) => {
    // One request per connection, so that no connection is open at a restart.
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

/** Sends a Response and streams its body. */
async function send({ status, headers, body }: Response, response: ServerResponse): Promise<void> {
  response.writeHead(status, Object.fromEntries(headers));
  if (body) await pipeline(body, response);
  else response.end();
}
