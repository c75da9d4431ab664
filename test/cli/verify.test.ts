import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { countersign, folder, type Surroundings, sqliteHere, withSqlite } from './run.ts';
import { accessKey, secret } from './server.ts';
import { stageOn } from './stage.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const env = { COUNTERSIGN_ACCESS_KEY: accessKey, COUNTERSIGN_SECRET: secret };
const { path, remove } = folder();
afterAll(remove);
const noon = '2026-11-22T12:00:00Z';
const url = 'https://api.example.com/v1/orders?a=1';

const run = (args: readonly string[], more: Surroundings = {}) => countersign(args, { env, cwd: path, ...more });

async function message(...args: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await run(['sign', ...args, '--at', noon, '--format', 'http']);
  expect(status, stderr).toBe(0);
  return stdout;
}

const verdict = async (input: string, ...args: readonly string[]) => {
  const { status, stdout, stderr } = await run(['verify', '--at', noon, '--json', ...args], { input });
  return { status, stderr, ...(stdout ? (JSON.parse(stdout) as object) : {}) };
};

describe('countersign verify', () => {
  let signed = '';
  beforeAll(async () => {
    signed = await message(url, '-d', '{"sku":"A-1"}', '-H', 'Content-Type: application/json');
  });

  it('exits with 0 for a request that is signed', async () => {
    expect(await run(['verify', '--at', noon], { input: signed })).toEqual({
      status: 0,
      stdout: 'verified\naccess key  partner-1\nscheme      countersign-v1\nbody        13 bytes\n',
      stderr: '',
    });
    expect(await verdict(signed)).toEqual({
      status: 0,
      stderr: '',
      verified: true,
      accessKey: 'partner-1',
      scheme: 'countersign-v1',
      bodyBytes: 13,
    });
  });

  it('reads a file too, and a message whose lines end in LF', async () => {
    writeFileSync(join(path, 'request.http'), signed.replaceAll('\r\n', '\n'));
    expect((await run(['verify', 'request.http', '--at', noon])).status).toBe(0);
    expect((await run(['verify', 'nowhere.http'])).status).toBe(2);
  });

  it('passes over a line break that an editor has put at the end, and says so', async () => {
    const { status, stderr } = await verdict(`${signed}\n`);
    expect([status, stderr]).toEqual([
      0,
      'note: ignored 1 byte after the end of the body according to Content-Length\n',
    ]);
  });

  it.each<[code: string, change: (signed: string) => string, args?: string[]]>([
    ['signature_mismatch', (text) => text.replace('a=1', 'a=2')],
    ['signature_mismatch', (text) => text.replace('Host: api', 'Host: apj')],
    ['signature_mismatch', (text) => text.replace('POST', 'PUT')],
    ['body_digest_mismatch', (text) => text.replace('A-1', 'A-2')],
    ['missing_signature', (text) => text.replace(/X-API-(?:Key|Signature).*\r\n/g, '')],
    ['malformed_field', (text) => text.replace(/X-API-Nonce.*\r\n/, '')],
    ['unknown_key', (text) => text.replace('partner-1', 'partner-2')],
    ['stale_timestamp', (text) => text, ['--at', '2026-11-22T12:05:01Z']],
    ['future_timestamp', (text) => text, ['--at', '2026-11-22T11:54:59Z']],
    ['future_timestamp', (text) => text, ['--at', '2026-11-22T11:59:00Z', '--tolerance', '30s']],
    ['insufficient_scope', (text) => text, ['--scope', 'orders:write']],
    ['missing_signature', (text) => text, ['--scheme', 'rfc9421']],
  ])('exits with 1 and says %s', async (code, change, args = []) => {
    const { status, stdout, stderr } = await run(
      ['verify', ...(args.includes('--at') ? [] : ['--at', noon]), ...args],
      {
        input: change(signed),
      },
    );
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
    expect(stdout).toMatch(new RegExp(`^not verified: ${code}\n.+\n$`));
  });

  it('is told of the address that callers sign', async () => {
    const behind = signed.replace('Host: api.example.com', 'Host: 10.0.0.7:8080').replace('/v1/orders', '/orders');
    expect(await verdict(behind)).toMatchObject({ status: 1, code: 'signature_mismatch' });
    const args = ['--origin', 'https://api.example.com', '--public-path', '/v1'];
    expect(await verdict(behind, ...args)).toMatchObject({ status: 0, verified: true });
  });

  it('tells which of two secrets it was', async () => {
    for (const [name, text] of Object.entries({ old: 'the secret of last year', new: secret })) {
      writeFileSync(join(path, name), text, { mode: 0o600 });
    }
    const args = ['--secret-file', 'old', '--secret-file', 'new'];
    expect(await verdict(signed, ...args)).toMatchObject({ verified: true, secretId: 'new' });
  });

  it('exits with 2 for what cannot be judged', async () => {
    for (const [args, input, says] of [
      [[], 'no message', 'not an HTTP/1.1 request message'],
      [['--protocol', 'ftp'], signed, '--protocol must be'],
      [['--origin', 'api.example.com'], signed, 'publicOrigin'],
      [['--accept-finding', 'no-timestamp'], signed, 'has no such finding'],
      [['--secret-file', '-'], signed, 'can be used only once'],
      [['--secret-file', 'new', '--database', 'x'], signed, 'not both'],
      [['--tolerance', '0'], signed, 'tolerance'],
      [['--scheme', 'github-webhooks'], signed, 'no-timestamp'],
    ] as const) {
      const { status, stdout, stderr } = await run(['verify', ...args], { input });
      expect([status, stdout, stderr]).toEqual([2, '', expect.stringContaining(says)]);
    }
    const nobody = await run(['verify'], { input: signed, env: { COUNTERSIGN_SECRET: secret } });
    expect([nobody.status, nobody.stderr]).toEqual([2, expect.stringContaining('The access key is missing')]);
  });

  it('accepts an unsigned body only where it is told to', async () => {
    const unsigned = (await message('https://api.example.com/', '-X', 'POST')).replace(
      'Content-Length: 0\r\n\r\n',
      '\r\nbody',
    );
    expect(await verdict(unsigned)).toMatchObject({ code: 'missing_body_digest' });
    const presigned = await message(
      'https://b.s3.amazonaws.com/a',
      '-X',
      'PUT',
      '-d',
      'x',
      ...aws,
      '--scheme',
      'sigv4-presigned',
    );
    expect((await verdict(presigned, ...aws, '--scheme', 'sigv4-presigned')).status).toBe(2);
    const accepted = await verdict(
      presigned,
      ...aws,
      '--scheme',
      'sigv4-presigned',
      '--accept-finding',
      'body-unsigned',
    );
    expect(accepted).toMatchObject({ verified: true });
  });
});

const aws = ['--region', 'eu-west-1', '--service', 's3'];
const body = ['body-unsigned'];
const request = ['body-unsigned', 'method-unsigned', 'path-unsigned', 'query-unsigned'];

describe('what is signed by a scheme is verified by it', () => {
  it.each<[scheme: string, accept?: string[], args?: string[]]>([
    ['countersign-v1'],
    ['rfc9421'],
    ['rfc9421', [], ['--scheme-options', '{"tag":"shop","expires":60}']],
    ['sigv4', [], aws],
    ['sigv4-presigned', [], ['--region', 'eu-west-1', '--service', 'execute-api']],
    ['countersign-v1-link', ['no-nonce', ...body], ['--scheme-options', '{"maxLifetime":600,"unsignedPayload":true}']],
    ['countersign-v1-link', body, ['--scheme-options', '{"maxLifetime":600,"unsignedPayload":true,"once":true}']],
    ['standard-webhooks'],
    ['kong-hmac-auth'],
    ['apisix-hmac-auth', [], ['--scheme-options', '{"signedHeaders":["date","@request-target","digest","host"]}']],
    ['acquia-hmac', [], ['--scheme-options', '{"realm":"Pipet service"}']],
    ['akamai-edgegrid', body, ['--scheme-options', '{"clientToken":"akab-client-token"}']],
    ['hawk'],
    ['github-webhooks', ['no-timestamp']],
    ['stripe-webhooks'],
    ['slack-webhooks'],
    ['square-webhooks', ['no-timestamp'], ['--scheme-options', '{"notificationUrl":"https://example.com/"}']],
    ['binance-spot', ['adjacent-values', 'method-unsigned', 'path-unsigned']],
    ['azure-app-configuration'],
    ['access-key-timestamp', request],
    ['access-key-timestamp-url', ['body-unsigned', 'method-unsigned']],
    ['method-plus-path', body],
  ])('%s', async (scheme, accept = [], args = []) => {
    const webhook = Buffer.alloc(32, 5).toString('base64');
    const secrets = {
      'standard-webhooks': `whsec_${webhook}`,
      'acquia-hmac': webhook,
      'azure-app-configuration': webhook,
    };
    const own = {
      COUNTERSIGN_ACCESS_KEY: accessKey,
      COUNTERSIGN_SECRET: (secrets as Record<string, string>)[scheme] ?? secret,
    };
    const nonce = scheme === 'acquia-hmac' ? ['--nonce', randomUUID()] : scheme === 'hawk' ? ['--nonce', 'j4h3g2'] : [];
    const used = ['--scheme', scheme, ...args];
    const typed = ['-d', '{}', '-H', 'Content-Type: application/json'];
    const made = await run(['sign', url, ...typed, ...used, ...nonce, '--at', noon, '--format', 'http'], {
      env: own,
    });
    expect(made, made.stderr).toMatchObject({ status: 0, stderr: '' });
    const known = ['verify', '--at', noon, '--json', ...used, ...accept.flatMap((name) => ['--accept-finding', name])];
    const found = await run(known, { input: made.stdout, env: own });
    expect(found.stderr + found.stdout).toContain('"verified": true');
  });

  it('a webhook, with credentials that have an access key all the same', async () => {
    const own = { secret: `whsec_${Buffer.alloc(32, 5).toString('base64')}`, accessKey: 'receiver-1' };
    writeFileSync(join(path, 'webhook.json'), JSON.stringify(own), { mode: 0o600 });
    const args = ['--scheme', 'standard-webhooks', '--credentials', 'webhook.json'];
    const made = await run(['sign', url, '-d', '{}', ...args, '--format', 'http'], { env: {} });
    expect(made.stdout).not.toContain('receiver-1');
    const found = await run(['verify', ...args], { input: made.stdout });
    expect(found.stdout).toContain('verified\naccess key  receiver-1\n');
    expect((await run(['explain', ...args], { input: made.stdout })).status).toBe(0);
  });

  it('a definition in a file', async () => {
    const definition = {
      name: 'partner',
      stringToSign: '{method}\n{target}\n{timestamp}\n{body|sha256|hex}',
      headers: { 'X-Time': '{timestamp}', 'X-Sign': '{signature}' },
    };
    writeFileSync(join(path, 'partner.json'), JSON.stringify(definition));
    const args = ['--definition', 'partner.json'];
    const anonymous = { COUNTERSIGN_SECRET: secret };
    const made = await run(['sign', url, '-d', '{}', ...args, '--format', 'http'], { env: anonymous });
    const found = await run(['verify', ...args], { input: made.stdout, env: anonymous });
    expect(found.stdout).toContain('verified\n');
    writeFileSync(join(path, 'wrong.json'), JSON.stringify({ ...definition, stringToSign: '{methd}' }));
    const wrong = await run(['sign', url, '--definition', 'wrong.json']);
    expect([wrong.status, wrong.stderr]).toEqual([2, expect.stringContaining('methd')]);
  });

  it.each([
    ['ed25519', generateKeyPairSync('ed25519')],
    ['ecdsa-p256-sha256', generateKeyPairSync('ec', { namedCurve: 'P-256' })],
    ['ecdsa-p384-sha384', generateKeyPairSync('ec', { namedCurve: 'P-384' })],
    ['rsa-pss-sha512', generateKeyPairSync('rsa', { modulusLength: 2048 })],
    ['rsa-v1_5-sha256', generateKeyPairSync('rsa', { modulusLength: 2048 })],
  ])('a key pair for %s', async (algorithm, { publicKey, privateKey }) => {
    writeFileSync(join(path, 'private.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    writeFileSync(join(path, 'public.pem'), publicKey.export({ type: 'spki', format: 'pem' }));
    const args = ['--scheme', 'rfc9421', ...(algorithm.startsWith('rsa') ? ['--algorithm', algorithm] : [])];
    const own = { COUNTERSIGN_ACCESS_KEY: accessKey };
    const made = await run(['sign', url, ...args, '--secret-file', 'private.pem', '--format', 'http'], { env: own });
    expect(made, made.stderr).toMatchObject({ status: 0, stderr: '' });
    expect(made.stdout).toContain(`alg="${algorithm}"`);
    const found = await run(['verify', ...args, '--public-key', 'public.pem'], { input: made.stdout, env: own });
    expect(found.stdout + found.stderr).toContain('verified\n');
    const swapped = await run(['verify', ...args, '--public-key', 'private.pem'], { input: made.stdout, env: own });
    expect([swapped.status, swapped.stderr]).toEqual([2, expect.stringContaining('private key')]);
  });
});

describe.runIf(sqliteHere())('countersign verify, with keys in a database', () => {
  const stage = stageOn(() => ({ empty: async () => join(stage.path, randomUUID()), node: withSqlite?.path ?? '' }));
  beforeAll(() => stage.run('migrate'));

  it('tells whose key it is, and notices a revocation', async () => {
    await stage.run('keys', 'create', '--service', 'shop', '--scope', 'orders:read', '--out', 'shop.json');
    chmodSync(join(stage.path, 'shop.json'), 0o600);
    const { stdout: signed } = await stage.run('sign', url, '--credentials', 'shop.json', '--format', 'http');
    writeFileSync(join(stage.path, 'request.http'), signed);
    const found = await stage.json<{ accessKey: string }>('verify', 'request.http', '--scope', 'orders:read');
    expect(found).toMatchObject({
      verified: true,
      service: 'shop',
      environment: 'live',
      scopes: ['orders:read'],
      secretId: expect.stringMatching(/^[\da-f]{12}$/),
    });
    expect(await stage.json('keys', 'show', found.accessKey)).not.toHaveProperty('lastUsedAt');
    await stage.run('keys', 'revoke', found.accessKey);
    const { status, stdout } = await stage.run('verify', 'request.http');
    expect([status, stdout]).toEqual([1, expect.stringContaining('revoked_key')]);
  });

  it('exits with 3 where the keys cannot be had, and says nothing about the signature', async () => {
    await stage.run('keys', 'create', '--service', 'shop', '--out', 'lost.json');
    const { stdout: signed } = await stage.run('sign', url, '--credentials', 'lost.json', '--format', 'http');
    writeFileSync(join(stage.path, 'lost.http'), signed);
    const other = { COUNTERSIGN_SEALING_KEY: `one:${Buffer.alloc(32, 5).toString('base64')}` };
    const lost = await stage.runWith(other, 'verify', 'lost.http');
    expect([lost.status, lost.stdout, lost.stderr]).toEqual([3, '', expect.stringContaining('cannot be opened')]);
  });
});
