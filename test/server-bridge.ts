import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ReceivedRequest, Refused, Verified, Verifier } from 'countersign/server';

/** One request as it came over the socket, and what the verifier said of it. */
export type Exchange = {
  readonly request: ReceivedRequest & { readonly body: Uint8Array };
  /** The header fields as they stood on the wire: case, order and repetitions kept. */
  readonly fields: ReadonlyArray<readonly [name: string, value: string]>;
  readonly result: Verified<ReceivedRequest> | Refused;
};

export type BridgeOptions = {
  readonly verifier: Verifier;
  /** What to answer, whatever the verifier said; undefined for the usual answer. @default none */
  readonly answer?: (exchange: Exchange) => Response | undefined | Promise<Response | undefined>;
};

export type Bridge = {
  /** As in `http://127.0.0.1:40001`. */
  readonly origin: string;
  /** Every request received, in order. */
  readonly exchanges: Exchange[];
  close(): Promise<void>;
};

/**
 * A real HTTP server on a free loopback port that has every request verified. The usual answer is the refusal, or 200
 * with JSON: the method, target, content type, text and number of bytes that were verified.
 */
export async function startBridge({ verifier, answer }: BridgeOptions): Promise<Bridge> {
  const exchanges: Exchange[] = [];
  const server = createServer((incoming, outgoing) => {
    serve(incoming).then(
      (response) => send(response, outgoing),
      () => outgoing.destroy(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    exchanges,
    close: () => closed(server),
  };

  async function serve(incoming: IncomingMessage): Promise<Response> {
    const fields = fieldsOf(incoming);
    const request = await received(incoming, fields);
    const exchange: Exchange = { request, fields, result: await verifier.verify(request) };
    exchanges.push(exchange);
    return (await answer?.(exchange)) ?? usualAnswer(exchange);
  }
}

function fieldsOf({ rawHeaders }: IncomingMessage): Array<[string, string]> {
  const fields: Array<[string, string]> = [];
  for (let i = 0; i < rawHeaders.length; i += 2) fields.push([rawHeaders[i] ?? '', rawHeaders[i + 1] ?? '']);
  return fields;
}

async function received(incoming: IncomingMessage, fields: Exchange['fields']): Promise<Exchange['request']> {
  const values = (name: string) => fields.filter(([one]) => one.toLowerCase() === name.toLowerCase()).map(([, v]) => v);
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  return {
    method: incoming.method ?? '',
    authority: values('host').join(', '),
    target: incoming.url ?? '',
    headers: { get: (name) => (values(name).length ? values(name).join(', ') : null) },
    body: new Uint8Array(Buffer.concat(chunks)),
  };
}

function usualAnswer({ request, result }: Exchange): Response {
  if (!result.ok) return new Response(result.response.body, result.response);
  const { method, target, headers, body } = request;
  const text = new TextDecoder().decode(body);
  return Response.json({ method, target, type: headers.get('content-type'), text, bytes: body.length });
}

async function send(response: Response, outgoing: ServerResponse): Promise<void> {
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.end(Buffer.from(await response.arrayBuffer()));
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
