import { createHmac, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { showInvisible } from '../../src/cli/format-explanation.ts';
import { countersign, type Surroundings, sqliteHere, withSqlite } from './run.ts';
import { accessKey, secret } from './server.ts';
import { stageOn } from './stage.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const env = { COUNTERSIGN_ACCESS_KEY: accessKey, COUNTERSIGN_SECRET: secret };
const noon = '2026-11-22T12:00:00Z';
const run = (args: readonly string[], more: Surroundings = {}) => countersign(args, { env, ...more });

describe('countersign explain', () => {
  let signed = '';
  beforeAll(async () => {
    const args = [
      'https://api.example.com/v1/orders?q=a+b',
      '-d',
      '{"sku":"A-1"}',
      '-H',
      'Content-Type: application/json',
    ];
    signed = (await run(['sign', ...args, '--nonce', 'n'.repeat(16), '--at', noon, '--format', 'http'])).stdout;
  });

  it('shows each stage, and exits with 0 where all fits', async () => {
    const { status, stdout, stderr } = await run(['explain', '--at', noon], { input: signed });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toBe(`Fields of countersign-v1
  x-api-key        partner-1
  x-api-timestamp  1795348800
  x-api-nonce      nnnnnnnnnnnnnnnn
  x-api-signature  v1=…
  content-digest   sha-256=:hYnvq2jJqAOJlZbgIsP2U71DCvym1zvMggUcYjqrJC8=:

Message
  method     POST
  protocol   https
  authority  api.example.com
  target     /v1/orders?q=a+b

Key
  partner-1
  secret 1  active  made the signature

String to sign
   1   countersign-v1-request
   2   partner-1
   3   1795348800
   4   nnnnnnnnnnnnnnnn
   5   POST
   6   api.example.com
   7   /v1/orders?q=a+b
   8   application/json
   9   sha-256=:hYnvq2jJqAOJlZbgIsP2U71DCvym1zvMggUcYjqrJC8=:

Time
  fresh: signed 2026-11-22T12:00:00.000Z, judged 2026-11-22T12:00:00.000Z, 300 seconds are tolerated

Body
  received  13 bytes, SHA-256 8589efab68c9a803899596e022c3f653bd430afca6d73bcc82051c623aab242f
  signed    SHA-256 8589efab68c9a803899596e022c3f653bd430afca6d73bcc82051c623aab242f
            the same

Verdict
  verified
`);
  });

  it('shows what it did not try', async () => {
    const deep = `${'['.repeat(600)}${']'.repeat(600)}`;
    const input = signed.replace('{"sku":"A-1"}', deep).replace('Length: 13', 'Length: 1200');
    const { status, stdout } = await run(['explain', '--at', noon], { input });
    expect(status).toBe(1);
    expect(stdout).toMatch(/\nWhat was not tried\n {2}The JSON of the body is nested deeper than .* \[json-depth\]\n$/);
  });

  it('shows which line was signed otherwise, why, and what to do, and exits with 1', async () => {
    const input = signed.replace('q=a+b', 'q=a%20b').replace('"A-1"', ' "A-1"').replace('Length: 13', 'Length: 14');
    const { status, stdout } = await run(['explain', '--at', '2026-11-22T14:00:00Z'], { input });
    expect(status).toBe(1);
    expect(stdout).toContain('\n   7 - /v1/orders?q=a+b\n   7 + /v1/orders?q=a%20b\n   8   application/json\n');
    const [, differs = ''] = stdout.split('What differs\n');
    expect(
      differs.replace(/^ {5}.*\n/gm, ''),
    ).toBe(`  1. The caller signed the query q=a+b; the query q=a%20b was received. [query-encoding]
  2. The caller signed the JSON without white space: 13 bytes; 14 were received. [body-serialised]
  3. The request was signed 2 hours before the time of verification: almost a multiple of 15 minutes, as if local time was used as UTC. (likely, not certain) [time-zone]
`);
  });

  it('shows the whole of what was signed, where that has other lines', async () => {
    const digest = 'sha-256=:hYnvq2jJqAOJlZbgIsP2U71DCvym1zvMggUcYjqrJC8=:';
    const where = ['POST', 'api.example.com', '/v1/orders?q=a+b'];
    const lines = ['countersign-v1-request', accessKey, '1795348800', 'n'.repeat(16), ...where, digest];
    const signature = `v1=${createHmac('sha256', secret).update(lines.join('\n')).digest('hex')}`;
    const input = signed.replace(/v1=[\da-f]{64}/, signature);
    const { stdout } = await run(['explain', '--at', noon], { input });
    expect(stdout).toContain('The caller omitted line 8 ("application/json") of the string to sign. [string-line]');
    expect(stdout).toMatch(/\nWhat was signed\n(?: +\d.*\n){8}\n/);
  });

  it('says so where it finds nothing', async () => {
    const other = { ...env, COUNTERSIGN_SECRET: 'quite another secret' };
    const { status, stdout } = await run(['explain', '--at', noon], { input: signed, env: other });
    expect([status, stdout]).toEqual([1, expect.stringContaining('No variation produces the signature')]);
  });

  it('prints it as JSON, with the times of other commands', async () => {
    const { status, stdout } = await run(['explain', '--at', noon, '--json'], { input: signed.replace('/v1/', '/') });
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      verified: false,
      code: 'signature_mismatch',
      time: { signedAt: '2026-11-22T12:00:00.000Z', judgedAt: '2026-11-22T12:00:00.000Z', fresh: true },
      differences: [{ code: 'path-prefix', proven: true }],
    });
  });

  it('tries addresses that it is told of', async () => {
    const input = signed.replace('api.example.com', '10.0.0.7').replace('/v1/', '/');
    const tried = ['--try-origin', 'https://api.example.com', '--try-path', '/v1'];
    const found = async (args: readonly string[]) => {
      const { stdout } = await run(['explain', '--at', noon, '--json', ...args], { input });
      return (JSON.parse(stdout) as { differences: Array<{ code: string }> }).differences.map(({ code }) => code);
    };
    expect(await found([])).toEqual([]);
    expect(await found(tried)).toEqual(['host', 'path-prefix']);
  });

  it('recognises other schemes', async () => {
    for (const scheme of ['rfc9421', 'hawk', 'github-webhooks']) {
      const args = [
        'sign',
        'https://api.example.com/',
        '-X',
        'POST',
        '--scheme',
        scheme,
        '--at',
        noon,
        '--format',
        'http',
      ];
      const input = (await run(args)).stdout;
      const { stdout } = await run(['explain', '--at', noon], { input });
      expect(stdout).toContain(`The request seems to be signed with ${scheme}.`);
    }
  });

  it('exits with 2 for what is no request', async () => {
    expect((await run(['explain'], { input: 'x' })).status).toBe(2);
    expect((await run(['explain'], { input: 'GET http://a/ HTTP/1.1\nHost: a\n\n' })).status).toBe(2);
  });
});

describe.runIf(sqliteHere())('countersign explain, with keys in a database', () => {
  const stage = stageOn(() => ({ empty: async () => join(stage.path, randomUUID()), node: withSqlite?.path ?? '' }));
  beforeAll(() => stage.run('migrate'));

  it('finds the other key whose secret was taken', async () => {
    const [mine, other] = [await stage.created(), await stage.created('--access-key', 'bakery-1')];
    const own = { COUNTERSIGN_ACCESS_KEY: mine.accessKey, COUNTERSIGN_SECRET: other.secret };
    const { stdout } = await stage.runWith(own, 'sign', 'https://api.example.com/', '--format', 'http');
    writeFileSync(join(stage.path, 'mixed.http'), stdout);
    const explained = await stage.run('explain', 'mixed.http', '--json');
    expect(explained.status).toBe(1);
    expect(JSON.parse(explained.stdout)).toMatchObject({ differences: [{ code: 'secret-of-another-key' }] });
    expect(explained.stdout).toContain('bakery-1 of shop');
    expect(explained.stdout).not.toContain('csign_sk_');
  });

  it('exits with 3 where the keys cannot be had', async () => {
    const key = { COUNTERSIGN_SEALING_KEY: `one:${Buffer.alloc(32, 4).toString('base64')}` };
    const { status, stdout } = await stage.runWith(key, 'explain', 'mixed.http');
    expect([status, stdout]).toEqual([3, '']);
  });
});

describe('what is invisible', () => {
  it.each([
    ['a b', 'a b'],
    [' a  b ', '·a··b·'],
    ['a\tb\r', 'a␉b␍'],
    ['\u0000\u001b[31m\u007f', '␀␛[31m␡'],
    ['a\u00a0b', 'a<U+00A0>b'],
    ['\ufeffa\u200b', '<U+FEFF>a<U+200B>'],
    ['\u202eevil', '<U+202E>evil'],
    ['größe 漢 😀', 'größe 漢 😀'],
  ])('of %j is shown as %j', (text, shown) => {
    expect(showInvisible(text)).toBe(shown);
  });
});
