import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { createSigner } from 'countersign';
import { createKit } from 'countersign/kit';
import { describe, expect, it, vi } from 'vitest';
import { serving } from './kit-serving.ts';

vi.setConfig({ testTimeout: 60_000 });

const pair = JSON.parse(createKit({ origin: 'https://api.example.com' })['credentials.json'] ?? '');

/** Sends bytes, and returns what comes back until the end. */
function exchange(url: string, sent: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write(sent);
  return text(socket);
}

const malformed = [
  { name: 'a letter that is not escaped', lines: 'GET /orders?q=é HTTP/1.1', cause: 'percent-encode it' },
  { name: 'a space', lines: 'GET /orders?q=a b HTTP/1.1', cause: 'percent-encode it' },
  { name: 'a method in lower case', lines: 'post /orders HTTP/1.1', cause: 'write POST, not post' },
  { name: 'a control character', lines: 'GET / HTTP/1.1\r\nX-Note: \u0001', cause: 'A header has a name or value' },
  { name: 'a long query', lines: `GET /?${'a'.repeat(20_000)} HTTP/1.1`, cause: 'larger than 16 KiB' },
  { name: 'another version', lines: 'GET / HTTP/9.9', cause: 'The server cannot read it: ' },
  { name: 'TLS', lines: '\x16\x03\x01\x02\0', cause: 'Write http://' },
];

describe('countersign kit serve', () => {
  it('says what is wrong with requests that are not HTTP, and goes on', async () => {
    const { output } = await serving([], async (url) => {
      for (const { name, lines, cause } of malformed) {
        const response = await exchange(url, `${lines}\r\nHost: 127.0.0.1\r\n\r\n`);
        const [head = '', body = ''] = response.split('\r\n\r\n');
        expect([name, head]).toEqual([name, expect.stringMatching(/^HTTP\/1\.1 400 /)]);
        expect(JSON.parse(body)).toMatchObject({ status: 400, advice: [expect.stringContaining(cause)] });
      }
      expect((await fetch(await createSigner(pair).sign(`${url}/orders`))).status).toBe(200);
    });
    const printed = output.split('\n').filter((line) => line.startsWith('400 The request is not HTTP: '));
    expect(printed).toEqual(malformed.map(({ cause }) => expect.stringContaining(cause)));
  });

  it('prints JSON of a request that is not HTTP', async () => {
    const { output } = await serving(['--json'], async (url) => {
      await exchange(url, 'post / HTTP/1.1\r\n\r\n');
    });
    expect(JSON.parse(output.split('\n')[1] ?? '')).toEqual({ status: 400, detail: expect.stringContaining('POST') });
  });
});
