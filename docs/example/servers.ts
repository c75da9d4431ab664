import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { type AuditSink, aesSealer, type ManagedKeys, managedKeys, memoryKeyTable } from 'countersign/server';
import { createApi } from './api.ts';
import { createBackend } from './backend.ts';
import { buildPage } from './build-page.ts';

export type ExampleOptions = {
  /** The port of the backend; the API has the next one. @default any two free ports */
  readonly port?: number;
  /** The folder to build the page into. */
  readonly folder: string;
  /** How long a session is valid, in seconds. @default 900 */
  readonly expiresIn?: number;
  /** Called once for each attempt to call the API. */
  readonly audit: AuditSink;
};

export type RunningExample = {
  /** The origin of the page. */
  readonly origin: string;
  readonly apiOrigin: string;
  readonly keys: ManagedKeys;
  /** The access key of the backend, the parent of all sessions. */
  readonly accessKey: string;
  stop(): Promise<void>;
};

/** Builds the page, and starts the backend and the API: two servers here, which in production know nothing of each other. */
export async function startExample({ port, folder, expiresIn = 900, audit }: ExampleOptions): Promise<RunningExample> {
  const [backend, api] = [createServer(), createServer()];
  const origin = await listen(backend, port);
  const apiOrigin = await listen(api, port && port + 1);
  await buildPage({ folder, apiOrigin });

  // In memory, for a demonstration: see docs/keys.md for a database.
  const secrets = aesSealer({ current: 'first', keys: { first: crypto.getRandomValues(new Uint8Array(32)) } });
  const keys = managedKeys({ table: memoryKeyTable(), secrets });
  const { accessKey, secret } = await keys.create({ service: 'shop', scopes: ['orders:read', 'orders:write'] });

  const { fetch: callApi } = createApi({ keys, origin: apiOrigin, pageOrigin: origin, audit });
  const credentials = { accessKey, secret };
  const { fetch: callBackend } = createBackend({ credentials, origin, apiOrigin, page: folder, expiresIn });
  api.on('request', getRequestListener(callApi));
  backend.on('request', getRequestListener(callBackend));
  return {
    origin,
    apiOrigin,
    keys,
    accessKey,
    async stop() {
      for (const server of [backend, api]) {
        const closed = once(server, 'close');
        server.close();
        server.closeAllConnections();
        await closed;
      }
    },
  };
}

async function listen(server: Server, port = 0): Promise<string> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
