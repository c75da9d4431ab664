// A server that is measured, in a process of its own: forked with a Setting, tells its port, then its CPU time when asked.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { protect as protectHono, type SignedEnv } from 'countersign/hono';
import { protect as protectNode } from 'countersign/node';
import { redisReplay } from 'countersign/redis';
import { createVerifier, memoryKeys, memoryReplay, type ReplayStore, type Verifier } from 'countersign/server';
import { Hono } from 'hono';
import { createClient } from 'redis';
import { accessKey, origin, secret } from './signed-bytes.ts';

export type Setting = {
  readonly framework: 'node:http' | 'Hono';
  /** The server beside it does the same without a verifier. */
  readonly verified: boolean;
  /** The port of the replay store; undefined for one in memory. */
  readonly redis?: number;
};

/** What it tells. */
export type Report = { readonly port: number } | { readonly cpu: number };

const setting = JSON.parse(process.argv[2] ?? '{}') as Setting;

async function replayStore(): Promise<ReplayStore> {
  if (setting.redis === undefined) return memoryReplay({ capacity: 10_000_000 });
  const client = createClient({
    url: `redis://127.0.0.1:${setting.redis}`,
    disableOfflineQueue: true,
    commandOptions: { timeout: 0 },
  });
  await client.on('error', () => {}).connect();
  return redisReplay({ send: (...command) => client.sendCommand(command) });
}

const verifierOf = async (): Promise<Verifier> =>
  createVerifier({
    keys: memoryKeys([{ accessKey, service: 'soak', secrets: [{ secret }] }]),
    replay: await replayStore(),
    publicOrigin: origin,
  });

const bodyOf = (request: IncomingMessage): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    request
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('end', () => resolve(Buffer.concat(chunks)))
      .on('error', reject);
  });

function answer(response: ServerResponse, bytes: number): void {
  response.setHeader('Content-Type', 'application/json');
  const text = JSON.stringify({ bytes });
  response.setHeader('Content-Length', text.length);
  response.end(text);
}

async function listener(): Promise<(request: IncomingMessage, response: ServerResponse) => unknown> {
  if (setting.verified) {
    return protectNode(await verifierOf(), (_request, response, { body }) => answer(response, body?.length ?? 0));
  }
  return (request, response) => {
    if (request.method === 'GET') answer(response, 0);
    else bodyOf(request).then((body) => answer(response, body.length));
  };
}

async function honoApp(): Promise<Hono<SignedEnv>> {
  const app = new Hono<SignedEnv>();
  if (setting.verified) app.use(protectHono(await verifierOf()));
  app.get('*', (c) => c.json({ bytes: 0 }));
  app.post('*', async (c) =>
    c.json({ bytes: setting.verified ? c.var.caller.body?.length : (await c.req.arrayBuffer()).byteLength }),
  );
  return app;
}

const server =
  setting.framework === 'Hono'
    ? createAdaptorServer({ fetch: (await honoApp()).fetch })
    : createServer(await listener());
const tell = (report: Report) => process.send?.(report);
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  tell({ cpu: user + system });
});
process.on('disconnect', () => process.exit(0));
server.listen(0, '127.0.0.1', () => tell({ port: (server.address() as AddressInfo).port }));
