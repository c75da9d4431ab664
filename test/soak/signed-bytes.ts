import { createSigner, prepareRequest, type Signer } from 'countersign';

export const accessKey = 'soak';
export const secret = 'kwy2yR7pTnHvXq5tMQzsFbGcW4dLJ8ae';
export const origin = 'https://api.example.com';
export const signer: Signer = createSigner({ accessKey, secret });

/** What is sent: a GET, or a POST of so many bytes. */
export type Kind = { readonly method: 'GET' | 'POST'; readonly bytes: number };

// As a fetch of Node's sends them.
const common = `Host: ${new URL(origin).host}\r\nConnection: keep-alive\r\nAccept: */*\r\nAccept-Language: *\r\nSec-Fetch-Mode: cors\r\nUser-Agent: node\r\nAccept-Encoding: gzip, deflate\r\n`;

/** A request as it stands on the wire of HTTP/1.1: the path is that of its number, the nonce its own. */
export function signedBytes(number: number, { method, bytes }: Kind): Buffer {
  const path = `/v1/orders/${10_000 + (number % 90_000)}/items?after=2026-01-12&limit=50&sort=-created`;
  const body = bytes ? `{"sku":"A-${1000 + (number % 9000)}","note":"${'x'.repeat(bytes - 24)}"}` : '';
  const typed = body ? { 'Content-Type': 'application/json' } : {};
  const signed = prepareRequest(signer, { method, url: origin + path, headers: typed, ...(body && { body }) }).headers;
  const fields = { ...signed, ...typed, ...(body && { 'Content-Length': String(body.length) }) };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${common}${lines.join('')}\r\n${body}`, 'latin1');
}

/** The nonce of one of these. */
export const nonceOf = (request: Buffer): string => /^X-API-Nonce: (\S+)/m.exec(request.toString('latin1'))?.[1] ?? '';
