import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { issueSession } from 'countersign';
import { createVerifier, memoryKeys, memoryReplay, type ReceivedRequest } from 'countersign/server';
import { accessKey, secret } from './prelude.ts';

/** The server that the examples call `https://api.example.com` or `http://localhost:8080`, on a loopback port. */
export type Host = {
  /** Sends requests for these to the loopback port, with the address that was signed; all others unchanged. */
  readonly fetch: typeof globalThis.fetch;
  /** What was refused since this was last called. */
  refusals(): readonly string[];
  /** How many requests were verified since this was last called. */
  accepted(): number;
  close(): Promise<void>;
};

export async function startHost(): Promise<Host> {
  let refused: string[] = [];
  let accepted = 0;
  const verifierOf = (publicOrigin: string) =>
    createVerifier({
      keys: memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }], scopes: ['orders:write'] }]),
      replay: memoryReplay(),
      publicOrigin,
      audit: ({ outcome, code, method, path }) => {
        if (outcome === 'accepted') accepted++;
        else refused.push(`${method} ${path}: ${code}`);
      },
    });
  const verifiers = {
    'api.example.com': verifierOf('https://api.example.com'),
    'localhost:8080': verifierOf('http://localhost:8080'),
  };
  const answer = async (incoming: IncomingMessage): Promise<Response> => {
    if (incoming.url === '/session') {
      return Response.json({ ...issueSession({ accessKey, secret }, { expiresIn: 900 }), expiresIn: 900 });
    }
    const verifier =
      verifiers[incoming.headers['x-called'] === 'localhost:8080' ? 'localhost:8080' : 'api.example.com'];
    const result = await verifier.verify(received(incoming));
    if (!result.ok) return new Response(result.response.body, result.response);
    if (incoming.url === '/v1/moved') return new Response(null, { status: 307, headers: { Location: '/v1/orders' } });
    return result.countersign(Response.json({ hello: result.principal.service }));
  };
  const server = createServer(async (incoming, outgoing) => {
    const response = await answer(incoming);
    outgoing
      .writeHead(response.status, Object.fromEntries(response.headers))
      .end(Buffer.from(await response.arrayBuffer()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const local = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const real = globalThis.fetch;
  return {
    async fetch(input, init) {
      const request = new Request(input, init);
      const url = new URL(request.url);
      if (!/(^|\.)example\.com$|^localhost:8080$/.test(url.host)) return real(request);
      const body = await request.arrayBuffer();
      const { method, headers, redirect, signal } = request;
      headers.set('X-Called', url.host);
      return real(local + url.pathname + url.search, {
        method,
        headers,
        redirect,
        signal,
        ...(body.byteLength && { body }),
      });
    },
    refusals: () => refused.splice(0),
    accepted() {
      const count = accepted;
      accepted = 0;
      return count;
    },
    close: () =>
      new Promise((resolve) => {
        refused = [];
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function received(incoming: IncomingMessage): ReceivedRequest {
  const headers = new Headers();
  for (let i = 0; i < incoming.rawHeaders.length; i += 2) {
    headers.append(incoming.rawHeaders[i] ?? '', incoming.rawHeaders[i + 1] ?? '');
  }
  return {
    method: incoming.method ?? '',
    authority: incoming.headers.host ?? '',
    target: incoming.url ?? '',
    headers,
    body: Readable.toWeb(incoming) as ReadableStream<Uint8Array>,
  };
}
