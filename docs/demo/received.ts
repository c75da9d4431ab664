import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { ReadableStream } from 'node:stream/web';
import type { ReceivedRequest } from 'countersign/server';

/** A request as Node received it: what was signed is what was on the wire, so nothing is decoded, merged or parsed. */
export function receivedFrom(incoming: IncomingMessage): ReceivedRequest {
  const headers = new Headers();
  // Not incoming.headers, which drops the repeated ones.
  for (let i = 0; i < incoming.rawHeaders.length; i += 2) {
    headers.append(incoming.rawHeaders[i] ?? '', incoming.rawHeaders[i + 1] ?? '');
  }
  // RFC 9112 section 6.3: one of the two announces every body of a request.
  const hasBody = headers.has('content-length') || headers.has('transfer-encoding');
  // Read when the verifier reads it, and left open so that a body that is too large can still be answered.
  const bytes: AsyncIterable<Uint8Array> = incoming.iterator({ destroyOnReturn: false });
  return {
    method: incoming.method ?? '',
    authority: headers.get('host') ?? '',
    target: incoming.url ?? '',
    headers,
    body: hasBody ? (ReadableStream.from(bytes) as ReceivedRequest['body']) : undefined,
  };
}

/** Answers with a Response, its body as it comes. */
export async function send(response: Response, outgoing: ServerResponse): Promise<void> {
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  if (response.body) await pipeline(response.body, outgoing);
  else outgoing.end();
}
