import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { ReceivedRequest } from 'countersign/server';

/** The header lines of a message, as they stood on the wire. */
export const linesOf = ({ rawHeaders }: IncomingMessage): Array<[name: string, value: string]> =>
  rawHeaders.flatMap((name, i) => (i % 2 ? [] : [[name, rawHeaders[i + 1] ?? ''] satisfies [string, string]]));

/** Path and query as they stood on the wire; a proxy is sent the whole URL (RFC 9112 section 3.2.2). */
export const targetOf = ({ url = '' }: IncomingMessage): string => url.replace(/^http:\/\/[^/?#]*/, '');

/** A node:http message as the verifier takes it: raw target, raw headers, body unread. */
export function receivedOf(message: IncomingMessage): ReceivedRequest {
  const lines = linesOf(message);
  const get = (name: string): string | null => {
    const values = lines.filter(([field]) => field.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
    return values.length ? values.join(', ') : null;
  };
  const hasBody = get('transfer-encoding') !== null || Number(get('content-length')) > 0;
  return {
    method: message.method ?? '',
    authority: get('host') ?? '',
    target: targetOf(message),
    headers: { get },
    ...(hasBody && { body: Readable.toWeb(message) as ReadableStream<Uint8Array> }),
  };
}
