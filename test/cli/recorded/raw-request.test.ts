import { expect, it } from 'vitest';
import { parseRawRequest } from '../../../src/cli/recorded/raw-request.ts';

const read = (text: string) => {
  const { body, headers, ...rest } = parseRawRequest(Buffer.from(text, 'latin1'));
  const named = Object.fromEntries([...(headers.keys?.() ?? [])].map((name) => [name, headers.get(name)]));
  return { ...rest, headers: named, body: body && Buffer.from(body).toString('latin1') };
};

it('reads a message with CRLF, and the same with LF', () => {
  const message = 'POST /v1/orders?a=1 HTTP/1.1\r\nHost: api.example.com\r\nX-A: 1 \r\nx-a:\t2\r\n\r\n{"a":1}\n';
  const expected = {
    method: 'POST',
    target: '/v1/orders?a=1',
    authority: 'api.example.com',
    headers: { host: 'api.example.com', 'x-a': '1, 2' },
    body: '{"a":1}\n',
  };
  expect(read(message)).toEqual(expected);
  expect(read(message.replaceAll('\r\n', '\n'))).toEqual(expected);
  expect(read(`\r\n\n${message}`)).toEqual(expected);
});

it('keeps every byte of the body and of headers', () => {
  const all = String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte));
  expect(read(`PUT / HTTP/1.1\nHost: a\nX-A: \xe9\n\n${all}`)).toMatchObject({ body: all, headers: { 'x-a': '\xe9' } });
});

it('ends a body where Content-Length says, and tells what it passes over', () => {
  expect(read('POST / HTTP/1.1\nContent-Length: 2\n\n{}\n')).toMatchObject({
    body: '{}',
    passedOver: '1 byte after the end of the body according to Content-Length',
  });
  expect(read('POST / HTTP/1.1\nContent-Length: 0\n\n').body).toBeUndefined();
});

it('takes line breaks after a message without Content-Length for no body', () => {
  for (const end of ['', '\n', '\r\n\r\n']) expect(read(`GET / HTTP/1.1\nHost: a\n\n${end}`).body).toBeUndefined();
  expect(read('GET / HTTP/1.1\nHost: a').body).toBeUndefined();
});

it('puts chunks together', () => {
  const head = 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n';
  expect(read(`${head}4\r\nWiki\r\n6;name=x\r\npedia \r\nE\r\nin \r\n\r\nchunks.\r\n0\r\n\r\n`).body).toBe(
    'Wikipedia in \r\n\r\nchunks.',
  );
  expect(read(`${head}0\r\nTrailer: x\r\n\r\n`).body).toBe('');
  for (const broken of ['', '4\r\nWi', '4\r\nWikiX', 'x\r\n', '4\r\nWiki\r\n', '-1\r\n', 'fffffffff\r\n']) {
    expect(() => read(head + broken), broken).toThrow(/chunks/);
  }
});

it('joins two hosts, which no verifier then takes for one', () => {
  expect(read('GET / HTTP/1.1\nHost: a\nHost: b\n\n').authority).toBe('a, b');
});

it.each([
  ['', 'the first line must look like'],
  ['{"method":"GET"}', 'the first line must look like'],
  ['HTTP/1.1 200 OK\nContent-Length: 0\n\n', 'the first line must look like'],
  ['GET /\nHost: a\n\n', 'the first line must look like'],
  ['Host: a\n\n', 'the first line must look like'],
  ['GET / HTTP/1.1\nHost: a\n folded\n\n', 'line 3 is not a header'],
  ['GET / HTTP/1.1\nHost : a\n\n', 'line 2 is not a header'],
  ['GET / HTTP/1.1\nContent-Length: 3\n\n{}', 'has 2 bytes, but Content-Length is 3'],
  ['GET / HTTP/1.1\nContent-Length: 2, 2\n\n{}', 'Content-Length is not a number'],
  ['GET / HTTP/1.1\nContent-Length: -1\n\n{}', 'Content-Length is not a number'],
])('refuses %j', (text, says) => {
  expect(() => read(text)).toThrow(says);
});

it('reads a large message in time', () => {
  const body = 'x'.repeat(5_000_000);
  const fields = Array.from({ length: 1000 }, (_, place) => `X-${place}: ${'v'.repeat(1000)}`).join('\r\n');
  expect(read(`POST / HTTP/1.1\r\n${fields}\r\n\r\n${body}`).body).toHaveLength(body.length);
});
