import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type App, listening } from '../adapters/adapter.ts';
import { present } from '../vectors/present.ts';
import { countersign, folder } from './run.ts';
import { accessKey, secret } from './server.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const env = { COUNTERSIGN_ACCESS_KEY: accessKey, COUNTERSIGN_SECRET: secret };
const body = '{"sku":"A-1"}';
const files = folder();
const file = (name: string, content: string): string => {
  const path = join(files.path, name);
  writeFileSync(path, content);
  return path;
};
afterAll(() => files.remove());

describe.runIf(present('curl', '--version'))('countersign explain of what curl writes', () => {
  let app: App;
  let args: string[] = [];
  beforeAll(async () => {
    app = await listening(createServer((_, response) => response.writeHead(401).end('{}')));
    const url = `${app.origin}/v1/orders`;
    const sign = ['sign', url, '-d', body, '-H', 'Content-Type: application/json'];
    const { stdout } = await countersign(sign, { env });
    const headers = stdout.trim().split('\n');
    // The caller signs one path, and curl sends it with a slash more.
    args = ['-sS', '-o', '/dev/null', '-d', body, ...headers.flatMap((line) => ['-H', line]), `${url}/`];
    if (!headers.some((line) => /^content-type/i.test(line))) args.unshift('-H', 'Content-Type: application/json');
  });
  afterAll(() => app.close());

  it('finds the cause in the output of -v, and asks for the body', async () => {
    const { stderr: record } = await promisify(execFile)('curl', ['-v', ...args]);
    const explained = await countersign(['explain'], { env, input: record });
    expect(explained.stderr).toContain(
      'the record does not contain a body of 13 bytes: give the body with --body-file FILE',
    );
    expect(explained.stdout).toContain('protocol   http\n');
    expect(explained.stdout).toContain('not in the record');
    expect(explained.stdout).toMatch(
      /1\. The caller signed the path \/v1\/orders; \/v1\/orders\/ was received\. \[path-slash\]/,
    );
    expect(explained.stdout).not.toContain('[body-replaced]');
    const whole = await countersign(['explain', '--body-file', file('body', body)], { env, input: record });
    expect(whole.stderr).toBe('');
    expect(whole.stdout).toContain('the same');
    const verified = await countersign(['verify'], { env, input: record });
    expect(verified.stderr).toContain('give the body with --body-file FILE');
    expect(verified.status).toBe(2);
  });

  it('finds the cause in --trace-ascii, with the body', async () => {
    const { stdout: record } = await promisify(execFile)('curl', ['--trace-ascii', '-', ...args]);
    const { stdout, stderr, status } = await countersign(['explain'], { env, input: record });
    expect({ stderr, status }).toEqual({ stderr: '', status: 1 });
    expect(stdout).toContain('[path-slash]');
    expect(stdout).toMatch(/received +13 bytes/);
  });
});

describe('countersign explain --string-to-sign', () => {
  const sign = async () => {
    const { stdout } = await countersign(['sign', 'https://api.example.com/v1/orders', '--format', 'json'], { env });
    const { headers, stringToSign, url } = JSON.parse(stdout);
    return { stringToSign: String(stringToSign), record: JSON.stringify({ method: 'GET', url, headers }) };
  };

  it('compares a string line by line', async () => {
    const { stringToSign, record } = await sign();
    const mine = file('mine.txt', `${stringToSign.replace('/v1/orders', '/v1/orders?')}\n`);
    const { stdout } = await countersign(['explain', '--string-to-sign', mine], { env, input: record });
    expect(stdout).toContain(
      'Your string to sign\n   7 - /v1/orders?\n   7 + /v1/orders\n  Your text ends with a line break more.',
    );
    const json = await countersign(['explain', '--string-to-sign', mine, '--json'], { env, input: record });
    expect(JSON.parse(json.stdout).compared).toMatchObject({
      same: false,
      lines: [{ line: 7, own: '/v1/orders?', expected: '/v1/orders' }],
    });
  });

  it('says that the strings are the same', async () => {
    const { stringToSign, record } = await sign();
    const same = ['explain', '--string-to-sign', file('same.txt', stringToSign)];
    const other = { ...env, COUNTERSIGN_SECRET: 'another secret of the same key' };
    const { stdout } = await countersign(same, { env: other, input: record });
    expect(stdout).toContain('is the expected one: the secret differs');
  });

  it('names a file that cannot be read', async () => {
    const { record } = await sign();
    const { stderr, status } = await countersign(['explain', '--string-to-sign', '/none/here'], { env, input: record });
    expect(stderr).toContain('The string to sign cannot be read');
    expect(status).toBe(2);
  });
});
