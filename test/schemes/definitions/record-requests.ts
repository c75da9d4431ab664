import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Sent } from './attempt.ts';

export type Recording = {
  /** Makes requests to the server at this origin. */
  readonly call: (origin: string) => Promise<void>;
  /** What the server responds to every request. */
  readonly response: { readonly type: string; readonly body: string };
};

/** What a client sends, to a server on this machine that records every request. */
export async function recordRequests({ call, response }: Recording): Promise<readonly Sent[]> {
  const sent: Sent[] = [];
  const server = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    sent.push({
      method: incoming.method ?? '',
      scheme: 'http',
      authority: incoming.headers.host ?? '',
      target: incoming.url ?? '',
      headers: textsOf(incoming.headers),
      body: new Uint8Array(Buffer.concat(chunks)),
    });
    outgoing.writeHead(200, { 'content-type': response.type }).end(response.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    await call(`http://127.0.0.1:${port}`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  return sent;
}

const textsOf = (headers: IncomingHttpHeaders): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter((pair): pair is [string, string] => typeof pair[1] === 'string'));
