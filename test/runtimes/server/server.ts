import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createVerifier, memoryKeys, memoryReplay, type Secret } from 'countersign/server';
import { linesOf, receivedOf, targetOf } from './bridge.ts';
import type { Receipt } from './receipt.ts';
import { type Answer, type Asked, openRoutes, routes } from './routes.ts';

export type Files = Readonly<Record<string, { readonly type: string; readonly text: string }>>;

export type Server = { readonly port: number; close(): void };

export type ServerOptions = {
  readonly accessKey: string;
  readonly secret: Secret;
  /** Pages and scripts for browsers, by path. */
  readonly files: Files;
};

// What an API that browsers of other origins may call has to answer.
const cors = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Methods': 'GET, POST, PUT, PATCH, DELETE, QUERY, PROPFIND',
  'Access-Control-Allow-Headers':
    'content-type, content-digest, x-tag, x-api-key, x-api-timestamp, x-api-nonce, x-api-payload, x-api-signed-headers, x-api-signature',
  'Access-Control-Expose-Headers': 'x-api-timestamp, x-api-signature, unencoded-digest, www-authenticate, x-reason',
};

/** A server that verifies whatever is not under /open or a file, and tells what it received. */
export async function startServer({ accessKey, secret, files }: ServerOptions): Promise<Server> {
  const verifier = createVerifier({
    keys: memoryKeys([{ accessKey, service: 'suite', secrets: [{ secret }] }]),
    replay: memoryReplay(),
  });
  const attempts = new Map<string, number>();

  function unverified(asked: Asked, message: IncomingMessage): Answer | undefined {
    const { path, query } = asked;
    const file = files[path];
    if (file) return { headers: { 'Content-Type': file.type, 'Cache-Control': 'no-store' }, body: file.text };
    if (message.method === 'OPTIONS' && message.headers['access-control-request-method']) return { status: 204 };
    if (path === '/open/attempts') return { body: String(attempts.get(query.get('path') ?? '') ?? 0) };
    attempts.set(path, asked.attempt);
    return path.startsWith('/open/') ? (openRoutes[path] ?? echo)(asked) : undefined;
  }

  async function verified(asked: Asked, message: IncomingMessage): Promise<Answer> {
    const { path } = asked;
    const result = await verifier.verify(receivedOf(message));
    if (!result.ok) {
      const { status, headers, body } = result.response;
      // The body stays as it is: Chromium checks it against the Unencoded-Digest of a countersigned refusal.
      return { status, headers: { ...headers, 'X-Reason': `${result.error.code}: ${result.error.message}` }, body };
    }
    const receipt = receiptOf(message, result.body);
    if (path === '/countersigned') return answerOf(await result.countersign(Response.json(receipt)));
    return (routes[path.slice(0, path.indexOf('/', 1))] ?? echo)({ ...asked, receipt });
  }

  async function answer(message: IncomingMessage): Promise<Answer> {
    const target = targetOf(message);
    const [path = ''] = target.split('?');
    const query = new URLSearchParams(target.slice(path.length));
    const asked = { path, query, attempt: (attempts.get(path) ?? 0) + 1, receipt: receiptOf(message) };
    return unverified(asked, message) ?? verified(asked, message);
  }

  const server = createServer((message, response) => {
    answer(message)
      .catch((error: unknown) => ({ status: 500, headers: {}, body: String(error) }))
      .then((given: Answer) => send(response, given))
      .finally(() => message.resume());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

const receiptOf = (message: IncomingMessage, body?: Uint8Array): Receipt => ({
  method: message.method ?? '',
  target: targetOf(message),
  headers: linesOf(message),
  size: body?.length ?? 0,
  body: body && body.length <= 65_536 ? Buffer.from(body).toString('base64') : '',
});

const echo = ({ receipt }: Asked): Answer => ({
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(receipt),
});

const answerOf = async (response: Response): Promise<Answer> => ({
  status: response.status,
  headers: Object.fromEntries(response.headers),
  body: await response.text(),
});

async function send(response: ServerResponse, { status = 200, headers = {}, body = '', rest }: Answer): Promise<void> {
  response.writeHead(status, { ...cors, ...headers });
  if (body) response.write(body);
  response.end(await rest);
}
