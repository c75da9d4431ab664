import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createSigner } from 'countersign';
import { createKit } from 'countersign/kit';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { partner } from '../schemes/define/rig.ts';
import { serving } from './kit-serving.ts';
import { countersign, folder } from './run.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const work = folder();
afterAll(() => work.remove());
const origin = 'https://api.example.com';

/** Sends a request with headers that fetch refuses, each byte one character. */
async function sendRaw(url: string, headers: string): Promise<string> {
  const { hostname, port, host } = new URL(url);
  const socket = connect(Number(port), hostname);
  const signed = `X-API-Timestamp: 1\r\nX-API-Nonce: 0123456789abcdef\r\nX-API-Signature: v1=${'a'.repeat(64)}`;
  socket.end(
    `POST /orders HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${signed}\r\n${headers}\r\n\r\n`,
    'latin1',
  );
  return text(socket);
}

const kit = createKit({ origin });
const credentials = join(work.path, 'credentials.json');
writeFileSync(credentials, kit['credentials.json'] ?? '');
const pair = JSON.parse(kit['credentials.json'] ?? '');

describe('countersign kit', () => {
  it('writes what createKit returns, and all vectors', async () => {
    const out = join(work.path, 'kit');
    const { status, stdout, stderr } = await countersign(['kit', '--out', out, '--origin', origin]);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain(join(out, 'README.md'));
    for (const [path, text] of Object.entries(kit)) expect(readFileSync(join(out, path), 'utf8')).toBe(text);
    expect(JSON.parse(readFileSync(join(out, 'vectors/all.json'), 'utf8'))).toMatchObject({ scheme: 'countersign-v1' });
    const again = await countersign(['kit', '--out', out, '--origin', origin]);
    expect([again.status, again.stderr]).toEqual([2, expect.stringContaining('does not exist')]);
  });

  it('takes a folder that is empty, also through a symbolic link to it', async () => {
    const [target, out] = ['empty', 'link'].map((name) => join(work.path, name)) as [string, string];
    mkdirSync(target);
    symlinkSync(target, out);
    const { status } = await countersign(['kit', '--out', out, '--origin', origin, '--language', 'python']);
    expect([status, statSync(join(target, 'credentials.json')).mode & 0o777]).toEqual([0, 0o600]);
  });

  it('writes nothing into a folder with a file', async () => {
    const out = join(work.path, 'taken');
    mkdirSync(out);
    writeFileSync(join(out, 'notes.txt'), '');
    const { status, stderr } = await countersign(['kit', '--out', out, '--origin', origin]);
    expect([status, stderr, readdirSync(out)]).toEqual([2, expect.stringContaining('is empty'), ['notes.txt']]);
  });

  it.each(['dir', 'file'] as const)('follows no symbolic link to a %s in its folder', async (kind) => {
    const [elsewhere, out] = [`elsewhere-${kind}`, `linked-${kind}`].map((name) => join(work.path, name)) as [
      string,
      string,
    ];
    mkdirSync(elsewhere);
    mkdirSync(out);
    if (kind === 'dir') symlinkSync(elsewhere, join(out, 'python'));
    else symlinkSync(join(elsewhere, 'credentials.json'), join(out, 'credentials.json'));
    const { status, stderr } = await countersign(['kit', '--out', out, '--origin', origin]);
    expect([status, stderr, readdirSync(elsewhere)]).toEqual([2, expect.stringContaining('is empty'), []]);
    expect(readdirSync(out)).toHaveLength(1);
  });

  it('takes a definition, and says which language has no client for it', async () => {
    const definition = join(work.path, 'partner.json');
    writeFileSync(definition, JSON.stringify(partner));
    const args = ['kit', '--out', join(work.path, 'partner'), '--origin', origin, '--definition', definition];
    const { status, stderr } = await countersign([...args, '--language', 'cobol']);
    expect([status, stderr]).toEqual([2, expect.stringContaining('only in python')]);
    expect((await countersign(args)).status).toBe(0);
    expect(readFileSync(join(work.path, 'partner/protocol.md'), 'utf8')).toContain('# The scheme partner');
  });

  it.each([
    [['--origin', origin], '--out is missing'],
    [['--out', 'x'], '--origin is missing'],
  ])('needs more than %j', async (args, says) => {
    const { status, stderr } = await countersign(['kit', ...args]);
    expect([status, stderr]).toEqual([2, expect.stringContaining(says)]);
  });
});

describe('countersign kit check', () => {
  const signer = (change: string) => {
    const file = join(work.path, `signer-${change.length}.mjs`);
    const client = new URL('../../src/kit/clients/node/countersign.mjs', import.meta.url).href;
    writeFileSync(
      file,
      `import { createInterface } from 'node:readline';
import { sign } from ${JSON.stringify(client)};
for await (const line of createInterface({ input: process.stdin })) {
  const given = JSON.parse(line);
  let made;
  try {
    made = sign({ ...given, body: Buffer.from(given.body, 'base64') });
  } catch (error) {
    made = { refused: error.message };
  }
  ${change}
  console.log(JSON.stringify(made));
}`,
    );
    return file;
  };

  it('accepts a signer that agrees', async () => {
    const { status, stdout, stderr } = await countersign(['kit', 'check', '--', process.execPath, signer('')]);
    expect([status, stdout, stderr]).toEqual([0, '25 of 25 cases agree\n', '']);
  });

  it('names the first stage that differs, and how', async () => {
    const wrong = signer(
      `if (made.stringToSign) made.stringToSign = made.stringToSign.replace('/v1/orders/', '/v1/orders');`,
    );
    const { status, stdout } = await countersign(['kit', 'check', '--', process.execPath, wrong]);
    expect(status).toBe(1);
    expect(
      stdout,
    ).toContain(`path-slash-at-end: string-to-sign differs in line 7. The slash at the end belongs to the path.
  expected "/v1/orders/"
  found    "/v1/orders"
`);
    const json = await countersign(['kit', 'check', '--json', '--', process.execPath, wrong]);
    expect(JSON.parse(json.stdout)).toMatchObject({
      cases: 25,
      failed: [{ name: 'path-slash-at-end', at: 'line 7', expected: '/v1/orders/' }, {}, {}],
    });
  });

  it('finds a header that differs, a case that is not refused, and a signer that stops', async () => {
    const checks = async (change: string) => {
      const { status, stdout } = await countersign(['kit', 'check', '--', process.execPath, signer(change)]);
      expect(status).toBe(1);
      return stdout;
    };
    expect(await checks(`if (made.headers) made.headers['X-API-Nonce'] += '0';`)).toContain(
      'get: headers differs in X-API-Nonce.',
    );
    expect(await checks(`if (made.refused) made = { headers: {} };      `)).toContain(
      'refuse-own-header: refusal differs',
    );
    expect(await checks('break;')).toContain('found    "the end of the output"');
  });

  it('says what the signer does otherwise, where it can', async () => {
    const hmac = "(await import('node:crypto')).createHmac('sha256', given.secret)";
    const signing = (change: string) => `if (made.headers) {
      made.stringToSign = ${change};
      made.headers['X-API-Signature'] = 'v1=' + ${hmac}.update(made.stringToSign).digest('hex');
    }`;
    const wrong = signer(signing("made.stringToSign.replace('/v1/orders/', '/v1/orders')"));
    const { stdout } = await countersign(['kit', 'check', '--json', '--', process.execPath, wrong]);
    const { failed } = JSON.parse(stdout) as { failed: { name: string; differences: { code: string }[] }[] };
    const found = failed.find(({ name }) => name === 'path-slash-at-end');
    expect(found?.differences.map(({ code }) => code)).toEqual(['path-slash']);
    const joined = signer(signing("made.stringToSign.replaceAll('\\n', ' ')"));
    expect((await countersign(['kit', 'check', '--', process.execPath, joined])).stdout).toContain(
      '[string-line-breaks]',
    );
  });

  it('exits with 2 for a signer that cannot be started, or writes something else', async () => {
    const missing = await countersign(['kit', 'check', '--', './no-such-signer']);
    expect([missing.status, missing.stderr]).toEqual([2, expect.stringContaining('cannot be started')]);
    const other = await countersign(['kit', 'check', '--', 'echo', 'hello']);
    expect([other.status, other.stderr]).toEqual([2, expect.stringContaining('not JSON: hello')]);
  });
});

describe('countersign kit serve', () => {
  it('explains, ticks off, and exits with 1 while something is open', async () => {
    const { status, output } = await serving(['--credentials', credentials], async (url) => {
      const signer = createSigner(pair);
      expect((await fetch(await signer.sign(`${url}/orders`))).status).toBe(200);
      const request = await signer.sign(`${url}/orders`);
      expect((await fetch(new Request(`${url}/orders/`, request))).status).toBe(401);
      const { scenarios } = (await (await fetch(`${url}/kit`)).json()) as { scenarios: object[] };
      expect(scenarios[0]).toMatchObject({ name: 'get', state: 'passed' });
    });
    expect(status).toBe(1);
    expect(output).toContain('200 GET /orders\n401 GET /orders/\n');
    expect(output).toContain('path-slash');
    expect(output).toMatch(/\[x\] get: any GET\n\[ \] query-blank.*\n(?:.*\n)*1 of 20 passed$/);
  });

  it('refuses a body of more than 2 MiB while it is sent, and goes on', async () => {
    const { output } = await serving([], async (url) => {
      const body = new Uint8Array(16 * 2 ** 20);
      expect((await fetch(`${url}/orders`, { method: 'POST', body })).status).toBe(413);
      expect((await fetch(await createSigner(pair).sign(`${url}/orders`))).status).toBe(200);
    });
    expect(output).toContain('413 POST /orders\n200 GET /orders\n');
  });

  it('has the pair of the default kit, and prints JSON', async () => {
    const { output } = await serving(['--json'], async (url) => {
      const response = await sendRaw(url, 'X-API-Key: a\u009b31m');
      expect(response).toMatch(/^HTTP\/1\.1 40[01] /);
      expect((await fetch(await createSigner(pair).sign(`${url}/orders`))).status).toBe(200);
    });
    expect(output.split('\n').map((line) => Object.keys(JSON.parse(line))[0])).toEqual([
      'listening',
      'method',
      'method',
      'scenarios',
    ]);
    expect(output).not.toMatch(/[\u007f-\u009f]/);
    expect(output).toContain('\\u009b31m');
  });
});

describe('countersign kit probe', () => {
  const probe = (url: string, ...more: readonly string[]) =>
    countersign(['kit', 'probe', url, '--credentials', credentials, ...more]);

  it('passes where good is accepted and bad refused', async () => {
    await serving(['--credentials', credentials], async (url) => {
      const { status, stdout } = await probe(`${url}/v1/orders?a=1`, '-d', '{}');
      expect([status, stdout]).toEqual([
        0,
        `passed  a good request: 200
passed  the same request again: 401 replayed_request
passed  another path: 401 signature_mismatch
passed  another query: 401 signature_mismatch
passed  another body: 401 body_digest_mismatch
passed  one hour old: 401 stale_timestamp
6 of 6 passed
`,
      ]);
    });
  });

  it('fails where the key is another, or everything is accepted', async () => {
    await serving([], async (url) => {
      const { status, stdout } = await probe(`${url}/kit`);
      expect([status, stdout]).toEqual([1, expect.stringContaining('FAILED  the same request again: 200')]);
    });
  });

  it('exits with 2 where nothing responds', async () => {
    const { status, stderr } = await probe('http://127.0.0.1:1/');
    expect([status, stderr]).toEqual([2, expect.stringContaining('does not respond')]);
  });
});
