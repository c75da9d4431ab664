import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseRecordedRequest } from '../../../src/cli/recorded/recorded-request.ts';
import { type App, listening } from '../../adapters/adapter.ts';
import { present } from '../../vectors/present.ts';
import { folder } from '../run.ts';

const here = present('curl', '--version');

type Received = { readonly request: IncomingMessage; readonly body: Buffer };

describe.runIf(here)('what curl writes of a request', () => {
  const received: Received[] = [];
  const files = folder();
  let app: App;
  beforeAll(async () => {
    app = await listening(
      createServer(async (request, response) => {
        received.push({ request, body: await buffer(request) });
        if (request.url === '/moved') response.writeHead(307, { Location: '/v1/orders' }).end();
        else response.writeHead(401).end('{}');
      }),
    );
  });
  afterAll(async () => {
    await app.close();
    files.remove();
  });

  /** Lets curl send a request and record it. */
  async function record(how: string, args: readonly string[], target = '/v1/orders?q=a%20b&r='): Promise<Buffer> {
    received.length = 0;
    const out = join(files.path, 'record.txt');
    const url = `${app.origin}${target}`;
    const recording = how === '-v' ? ['-v', '--stderr', out] : [how, out];
    await promisify(execFile)('curl', ['-sS', '-o', join(files.path, 'response'), ...recording, ...args, url]);
    return readFileSync(out);
  }

  function requireSame(read: ReturnType<typeof parseRecordedRequest>, { request, body }: Received): void {
    expect(read).toMatchObject({ method: request.method, target: request.url, scheme: 'http' });
    expect(read.authority).toBe(request.headers.host);
    for (let place = 0; place < request.rawHeaders.length; place += 2) {
      expect(read.headers.get(request.rawHeaders[place] ?? '')).toBe(request.rawHeaders[place + 1]);
    }
    if (!read.missingBody) expect(Buffer.from(read.body ?? []).toString('latin1')).toBe(body.toString('latin1'));
  }
  const last = (): Received => received.at(-1) ?? expect.fail('The server received nothing.');

  const json = ['-H', 'Content-Type: application/json', '-d', '{"sku":"A-1"}'];
  const long = [
    '-H',
    `X-API-Signature: v1=${'a5'.repeat(32)}`,
    '-H',
    `X-Long: ${'word '.repeat(40)}end`,
    '-H',
    'X-Empty;',
  ];

  it.each(['-v', '--trace', '--trace-ascii'])('is read from %s', async (how) => {
    for (const args of [[], json, long, [...long, ...json], ['-X', 'DELETE'], ['--trace-time', ...json]]) {
      requireSame(parseRecordedRequest(await record(how, args)), last());
    }
  });

  it.each(['--trace', '--trace-ascii'])('has its body in %s', async (how) => {
    const read = parseRecordedRequest(await record(how, json));
    expect(Buffer.from(read.body ?? []).toString()).toBe('{"sku":"A-1"}');
    expect(read.missingBody).toBeUndefined();
  });

  it('has no body in -v, and the record says so', async () => {
    const read = parseRecordedRequest(await record('-v', json));
    expect(read).toMatchObject({ body: undefined, missingBody: 'a body of 13 bytes' });
    expect(parseRecordedRequest(await record('-v', [])).missingBody).toBeUndefined();
  });

  it('has bytes that cannot be printed in --trace alone', async () => {
    const file = join(files.path, 'body');
    writeFileSync(file, Buffer.from('{"name":"é",\n"x":"\u0000."}'));
    const args = ['--data-binary', `@${file}`];
    requireSame(parseRecordedRequest(await record('--trace', args)), last());
    expect(parseRecordedRequest(await record('--trace-ascii', args)).missingBody).toContain('as dots');
  });

  it('keeps dots whose digest was sent', async () => {
    const digest = 'Content-Digest: sha-256=:hv5c3CzCMmPFXQH7QvFE+2kZpQ4V8j6vFJ2cVjQ0b1k=:';
    const wrong = parseRecordedRequest(await record('--trace-ascii', ['-H', digest, '-d', '{"price":1.5}']));
    expect(wrong.missingBody).toContain('as dots');
    const { createHash } = await import('node:crypto');
    const right = `Content-Digest: sha-256=:${createHash('sha256').update('{"price":1.5}').digest('base64')}:`;
    const read = parseRecordedRequest(await record('--trace-ascii', ['-H', right, '-d', '{"price":1.5}']));
    expect(Buffer.from(read.body ?? []).toString()).toBe('{"price":1.5}');
  });

  it.each(['-v', '--trace', '--trace-ascii'])('is the last one where %s follows a redirect', async (how) => {
    const read = parseRecordedRequest(await record(how, ['-L', ...json], '/moved'));
    expect(read).toMatchObject({ target: '/v1/orders', passedOver: '1 earlier request in the record' });
  });

  it('is sent in chunks', async () => {
    const args = ['-H', 'Transfer-Encoding: chunked', ...json];
    const read = parseRecordedRequest(await record('--trace', args));
    expect(Buffer.from(read.body ?? []).toString()).toBe('{"sku":"A-1"}');
    expect(parseRecordedRequest(await record('-v', args)).missingBody).toBe('a body of unknown length');
  });

  const value = fc.stringMatching(/^[!-~](?:[ -~]{0,150}[!-~])?$/);
  it('is read back, whatever it is, from --trace', async () => {
    const body = fc.uint8Array({ minLength: 1, maxLength: 300 });
    await fc.assert(
      fc.asyncProperty(body, value, async (bytes, text) => {
        const file = join(files.path, 'body');
        writeFileSync(file, bytes);
        const read = parseRecordedRequest(await record('--trace', ['-H', `X-A: ${text}`, '--data-binary', `@${file}`]));
        requireSame(read, last());
        expect(read.missingBody).toBeUndefined();
      }),
      { numRuns: 25 },
    );
  });

  it('is read back, whatever can be printed and has no dot, from --trace-ascii', async () => {
    const body = fc.stringMatching(/^[ -\-/-~]{1,200}(?:\r\n[ -\-/-~]{0,100}){0,3}$/);
    await fc.assert(
      fc.asyncProperty(body, value, async (text, header) => {
        const file = join(files.path, 'body');
        writeFileSync(file, text);
        const args = ['-H', `X-A: ${header}`, '--data-binary', `@${file}`];
        const read = parseRecordedRequest(await record('--trace-ascii', args));
        requireSame(read, last());
        expect(read.missingBody).toBeUndefined();
      }),
      { numRuns: 25 },
    );
  });

  it('is refused with a reason where a part of the record is missing', async () => {
    for (const how of ['--trace', '--trace-ascii']) {
      const text = (await record(how, [...long, ...json])).toString('latin1');
      const lines = text.split('\n');
      const sent = lines.findIndex((line) => line.includes('=> Send header'));
      const cut = lines.filter((_, place) => place !== sent + 3).join('\n');
      expect(() => parseRecordedRequest(Buffer.from(cut, 'latin1'))).toThrow('The trace of curl is incomplete');
    }
  });
});
