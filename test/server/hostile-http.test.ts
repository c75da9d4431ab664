import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { ReceivedRequest, Verifier } from 'countersign/server';
import { describe, expect, it, onTestFinished } from 'vitest';
import { host, outcomeOf, type Parts, rig, signedParts } from './rig.ts';

/** A real server that reads large headers, and answers every request with the verifier's word. */
async function serving(verifier: Verifier): Promise<number> {
  const server = createServer({ maxHeaderSize: 2 ** 22 }, async (incoming, outgoing) => {
    const result = await verifier.verify(requestOf(incoming));
    outgoing.writeHead(result.ok ? 200 : result.response.status, { connection: 'close' });
    outgoing.end(outcomeOf(result));
  });
  server.maxHeadersCount = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

function requestOf({ method = '', url = '', rawHeaders }: IncomingMessage): ReceivedRequest {
  const fields = new Map<string, string>();
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? '').toLowerCase();
    const before = fields.get(name);
    fields.set(name, before === undefined ? (rawHeaders[i + 1] ?? '') : `${before}, ${rawHeaders[i + 1]}`);
  }
  return {
    method,
    authority: fields.get('host') ?? '',
    target: url,
    scheme: 'https',
    headers: { get: (name) => fields.get(name.toLowerCase()) ?? null },
  };
}

/** Sends bytes as they are, and reads the answer to its end. */
const exchange = (port: number, head: string): Promise<string> =>
  new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(head, 'latin1'));
    socket.setEncoding('latin1').on('data', (chunk) => {
      answer += chunk;
    });
    socket.on('end', () => resolve(answer)).on('error', reject);
  });

const headOf = (line: string, headers: ReadonlyArray<readonly [string, string]>): string =>
  `${line}\r\nHost: ${host}\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;

describe('over a socket', () => {
  it.each<[string, (parts: Parts) => Array<[string, string]>, string]>([
    ['nothing more', () => [], 'ok'],
    ['10,000 headers', () => Array.from({ length: 10_000 }, (_, i) => [`x-${i}`, 'y']), 'ok'],
    ['10,000 times one header', () => Array.from({ length: 10_000 }, () => ['x-other', 'y']), 'ok'],
    [
      '10,000 signatures',
      (parts) => Array.from({ length: 10_000 }, () => ['x-api-signature', parts.headers['x-api-signature'] ?? '']),
      'malformed_field',
    ],
    ['a header of 1 MiB', () => [['x-other', 'y'.repeat(2 ** 20)]], 'ok'],
    ['an access key of 1 MiB', () => [['x-api-key', 'y'.repeat(2 ** 20)]], 'malformed_field'],
    ['a second access key', () => [['X-API-Key', 'other']], 'malformed_field'],
    ['a second nonce', (parts) => [['X-API-NONCE', parts.headers['x-api-nonce'] ?? '']], 'malformed_field'],
    ['a second timestamp', () => [['x-api-timestamp', '1']], 'malformed_field'],
    ['a content type', () => [['content-type', 'text/html']], 'signature_mismatch'],
    [
      '__proto__',
      () => [
        ['__proto__', 'x'],
        ['constructor', 'y'],
      ],
      'ok',
    ],
    ['bytes above 7F', () => [['x-other', '\u00e9\u00ff']], 'ok'],
    ['another host', () => [['x-forwarded-host', 'evil.example']], 'ok'],
  ])('an honest request with %s is %s', async (_, more, expected) => {
    const { signer, verifier, events } = rig();
    const port = await serving(verifier);
    const parts = signedParts(signer);
    const head = headOf(`GET ${parts.target} HTTP/1.1`, [...Object.entries(parts.headers), ...more(parts)]);
    const answer = await exchange(port, head);
    expect(answer.split('\r\n\r\n')[1]).toContain(expected);
    expect(events).toHaveLength(1);
  });

  it('a target in absolute form, with a fragment, or an asterisk is refused', async () => {
    const { signer, verifier } = rig();
    const port = await serving(verifier);
    const { headers, target } = signedParts(signer);
    for (const line of [`GET https://${host}${target} HTTP/1.1`, `GET ${target}#x HTTP/1.1`, 'OPTIONS * HTTP/1.1']) {
      expect(await exchange(port, headOf(line, Object.entries(headers)))).toContain('malformed_field');
    }
  });
});
