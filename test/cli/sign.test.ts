import { execFile } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { createSigner, explainSigning } from 'countersign';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { normaliseTarget } from '../../src/core/address.ts';
import { present } from '../vectors/present.ts';
import { countersign, folder, type Ran, type Surroundings } from './run.ts';
import { accessKey, secret, startServer } from './server.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const env = { COUNTERSIGN_ACCESS_KEY: accessKey, COUNTERSIGN_SECRET: secret };
const { path, remove } = folder();
let server: Awaited<ReturnType<typeof startServer>>;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => {
  server.close();
  remove();
});

const sign = async (args: readonly string[], more: Surroundings = {}): Promise<Ran> => {
  const ran = await countersign(['sign', ...args], { env, cwd: path, ...more });
  expect(ran, ran.stderr).toMatchObject({ status: 0, stderr: '' });
  expect(ran.stdout).not.toContain(secret);
  return ran;
};

// What shells, curl and parsers of URLs each have their own opinion of.
const nasty = {
  target: `/v1/a'b"c/$(id)/\`id\`/[1-3]/{x,y}/../z%2f%7e?q=a+b%20c&$HOME=!!&e=%C3%A9&x[]=1`,
  body: `it's "$HOME" \`id\` $(id) \\n !! é 漢\n\tand a second line\n`,
  header: `X-Note: it's "$HOME" \`id\` @file`,
};

describe('--format curl', () => {
  const shell = async (command: string) => {
    const quiet = command.replace('curl ', 'curl --silent --show-error --noproxy "*" ');
    return (await promisify(execFile)('sh', ['-c', quiet], { cwd: path })).stdout;
  };

  it.runIf(present('curl', '--version'))('is a command whose request is verified, whatever is in it', async () => {
    const url = server.origin + nasty.target;
    const args = [url, '-d', nasty.body, '-H', nasty.header, '-H', 'X-Empty:', '--format', 'curl'];
    const { stdout } = await sign([...args, '--signed-header', 'x-note', '--signed-header', 'x-empty']);
    const answer = JSON.parse(await shell(stdout)) as { method: string; url: string; body: string };
    expect(answer).toMatchObject({ method: 'POST', body: Buffer.from(nasty.body).toString('base64') });
    // A handler gets the spelling that was verified.
    expect(answer.url).toBe(normaliseTarget(new URL(url).href.slice(server.origin.length)));
  });

  it.runIf(present('curl', '--version')).each([
    ['GET', []],
    ['HEAD', ['-X', 'head']],
    ['DELETE', ['-X', 'DELETE']],
    ['PUT', ['-X', 'PUT', '--body-file', "it's @ file"]],
    ['PUT', ['-X', 'PUT', '-d', '@it is no file', '-H', 'Content-Type: text/plain']],
  ])('sends %s %j', async (method, args) => {
    writeFileSync(join(path, "it's @ file"), Buffer.from([0, 255, 10, 13, 10, 128]));
    const { stdout } = await sign([`${server.origin}/v1/orders`, ...args, '--format', 'curl']);
    const answer = await shell(stdout);
    if (method === 'HEAD') expect(answer).toContain('200 OK');
    else expect(JSON.parse(answer)).toMatchObject({ method });
  });

  it('is not made of a body that can be in no command', async () => {
    const args = ['sign', server.origin, '--body-file', '-', '--format', 'curl'];
    const { status, stderr } = await countersign(args, { env, input: new Uint8Array([255, 0]) });
    expect([status, stderr]).toEqual([2, expect.stringContaining('--body-file FILE')]);
  });
});

it('--format http is a message that can be sent as it is', async () => {
  const url = server.origin + nasty.target;
  const { stdout } = await sign([url, '--body-file', '-', '-H', nasty.header, '--format', 'http'], {
    input: nasty.body,
  });
  const { hostname, port } = new URL(server.origin);
  const socket = connect(Number(port), hostname);
  socket.write(stdout.replace('\r\n', '\r\nConnection: close\r\n'));
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
});

it('--format headers are what fetch has to add', async () => {
  const { stdout } = await sign([`${server.origin}/v1/orders`, '-X', 'PUT', '-d', 'a=1']);
  const headers = stdout
    .trim()
    .split('\n')
    .map((line) => line.split(': ', 2) as [string, string]);
  const body = new TextEncoder().encode('a=1');
  expect((await fetch(`${server.origin}/v1/orders`, { method: 'PUT', headers, body })).status).toBe(200);
});

it.runIf(present('curl', '--version'))(
  '--format headers has the content type that is signed, so that curl sends no other',
  async () => {
    const typed = ['-H', 'Content-Type: application/json', '-d', '{"a":1}'];
    const { stdout } = await sign([`${server.origin}/v1/orders`, ...typed]);
    const options = ['-s', '-o', '/dev/null', '-w', '%{http_code}', '-H', '@-', '-d', '{"a":1}'];
    const curl = promisify(execFile)('curl', [...options, `${server.origin}/v1/orders`]);
    curl.child.stdin?.end(stdout);
    expect((await curl).stdout).toBe('200');
  },
);

it('--credentials takes the lines of countersign credentials', async () => {
  writeFileSync(join(path, '.env'), `OTHER=1\nCOUNTERSIGN_ACCESS_KEY=${accessKey}\nCOUNTERSIGN_SECRET="${secret}"\n`, {
    mode: 0o600,
  });
  const { stdout } = await sign([`${server.origin}/v1/orders`, '--credentials', '.env', '--format', 'curl'], {
    env: {},
  });
  expect(stdout).toContain(`X-API-Key: ${accessKey}`);
});

it('--json is what the library makes of the same, stage by stage', async () => {
  const url = 'https://api.example.com/v1/orders?a=1';
  const at = '2026-11-22T12:00:00Z';
  const { stdout } = await sign([url, '-d', '{}', '--at', at, '--nonce', 'n'.repeat(16), '--json']);
  const clock = () => Date.parse(at);
  const signer = createSigner({ accessKey, secret, clock, nonce: () => 'n'.repeat(16) });
  const body = new TextEncoder().encode('{}');
  const { scheme, headers, stringToSign } = await explainSigning(signer, url, { method: 'POST', body });
  expect(JSON.parse(stdout)).toEqual({ scheme, method: 'POST', url, headers, stringToSign });
});

describe('the secret', () => {
  const fixed = ['https://api.example.com/', '--at', '2026-11-22', '--nonce', 'n'.repeat(16)];
  const without = { COUNTERSIGN_ACCESS_KEY: accessKey };
  const file = (name: string, content: string) => {
    writeFileSync(join(path, name), content);
    chmodSync(join(path, name), 0o600);
    return name;
  };

  it('is the same from the environment, a file, credentials, standard input and bytes', async () => {
    const { stdout: expected } = await sign(fixed);
    const hex = file('hex', Buffer.from(secret).toString('hex').toUpperCase());
    const credentials = file('shop.json', JSON.stringify({ accessKey, id: '1', secret }));
    const others: Array<[args: string[], more: Surroundings]> = [
      [['--secret-file', file('secret', `${secret}\n`)], {}],
      [['--secret-file', file('crlf', `${secret}\r\n`)], {}],
      [['--secret-file', file('marked', `\ufeff${secret}`)], {}],
      [['--secret-file', '-'], { input: `${secret}\n` }],
      [['--secret-file', hex, '--secret-encoding', 'hex'], {}],
      [['--secret-file', file('64', Buffer.from(secret).toString('base64')), '--secret-encoding', 'base64'], {}],
      [['--credentials', credentials], { env: {} }],
    ];
    for (const [args, more] of others) {
      expect((await sign([...fixed, ...args], { env: without, ...more })).stdout, args.join(' ')).toBe(expected);
    }
  });

  it('in a file that others can read is used, and warned of', async () => {
    chmodSync(join(path, file('loose', secret)), 0o644);
    const { status, stderr } = await countersign(['sign', ...fixed, '--secret-file', 'loose'], {
      env: without,
      cwd: path,
    });
    expect([status, stderr]).toEqual([0, 'warning: others can read loose: chmod 600 loose\n']);
  });

  it.each<[args: string[], says: string]>([
    [[], 'The secret is missing'],
    [['--secret-file', 'nowhere'], 'cannot be read from nowhere'],
    [['--secret-file', '-', '--body-file', '-'], 'can be used only once'],
    [['--secret-file', 'secret', '--credentials', 'shop.json'], 'given twice'],
    [['--secret-file', 'short'], 'at least 16 needed'],
    [['--secret-file', 'damaged'], 'damaged'],
    [['--secret-file', 'secret', '--secret-encoding', 'hex'], 'not in hex'],
    [['--secret-file', 'secret', '--secret-encoding', 'rot13'], 'must be hex or base64'],
    [['--credentials', 'secret'], 'must be JSON with accessKey and secret'],
    [['--credentials', 'binary'], 'not UTF-8'],
  ])('given as %j is refused, and not repeated', async (args, says) => {
    file('secret', secret);
    file('shop.json', JSON.stringify({ accessKey, secret }));
    file('short', 'fifteen bytes!!');
    file('damaged', 'csign_sk_live_00112233');
    writeFileSync(join(path, 'binary'), Buffer.from([0x7b, 0xff, 0x7d]), { mode: 0o600 });
    const { status, stdout, stderr } = await countersign(['sign', ...fixed, ...args], { env: without, cwd: path });
    expect([status, stdout, stderr]).toEqual([2, '', expect.stringContaining(says)]);
    for (const text of [secret, 'fifteen', '00112233']) expect(stderr).not.toContain(text);
  });
});

it.each<[args: string[], says: string]>([
  [['/v1/orders'], 'must be absolute'],
  [['ftp://api.example.com/'], 'http or https'],
  [['https://user@api.example.com/'], 'without user name'],
  [['https://api.example.com/', '-H', 'no colon'], 'A header must look like'],
  [['https://api.example.com/', '-H', 'X-A: 1\r\nX-B: 2'], 'A header must look like'],
  [['https://api.example.com/', '-H', 'X-A: 漢'], 'A header must look like'],
  [['https://api.example.com/', '-H', 'Host: other.example'], 'cannot be given'],
  [['https://api.example.com/', '--signed-header', 'x-tenant'], 'x-tenant'],
  [['https://api.example.com/', '-d', 'a', '--body-file', 'b'], 'The body is given twice'],
  [['https://api.example.com/', '--format', 'yaml'], '--format must be'],
  [['https://api.example.com/', '--scheme', 'countersign'], 'There is no such scheme'],
  [['https://api.example.com/', '--scheme', 'sigv4'], 'needs region'],
  [['https://api.example.com/', '--region', 'eu-west-1'], 'has no option region'],
  [['https://api.example.com/', '--scheme', 'rfc9421', '--scheme-options', '{"tags":1}'], 'has no option tags'],
  [['https://api.example.com/', '--scheme', 'rfc9421', '--scheme-options', 'tag=1'], 'is not JSON'],
  [['https://api.example.com/', '--scheme', 'rfc9421', '--scheme-options', '[]'], 'must be a JSON object'],
  [['https://api.example.com/', '--definition', 'none.json'], 'cannot be read'],
  [['https://api.example.com/', '--definition', 'a.json', '--scheme', 'hawk'], 'is a complete scheme'],
  [
    [
      'https://s3.amazonaws.com/',
      '--scheme',
      'sigv4-presigned',
      '--region',
      'a',
      '--service',
      's3',
      '--format',
      'headers',
    ],
    'signs in the query',
  ],
])('refuses %j', async (args, says) => {
  const { status, stdout, stderr } = await countersign(['sign', ...args], { env, cwd: path });
  expect([status, stdout]).toEqual([2, '']);
  expect(stderr).toContain(says);
});
