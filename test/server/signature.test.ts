import { createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
import { describe, expect, it } from 'vitest';
import { toMessage } from '../../src/core/message.ts';
import { countersignV1Response } from '../../src/schemes/countersign-v1/response.ts';
import { honest, set } from './honest.ts';
import { judge, macOf, noon, outcomeOf, type Parts, rig, signedParts, url } from './rig.ts';

describe('the signature itself', () => {
  const hex = (parts: Parts) => (parts.headers['x-api-signature'] ?? '').slice(3);
  it.each<[string, (good: string) => string]>([
    ['in upper case', (good) => `v1=${good.toUpperCase()}`],
    ['with an upper-case version', (good) => `V1=${good}`],
    ['of another version', (good) => `v2=${good}`],
    ['without a version', (good) => good],
    ['in quotes', (good) => `v1="${good}"`],
    ['one digit short', (good) => `v1=${good.slice(1)}`],
    ['one digit long', (good) => `v1=${good}0`],
    ['half', (good) => `v1=${good.slice(0, 32)}`],
    ['doubled', (good) => `v1=${good}${good}`],
    ['of no digits', () => 'v1='],
    ['with spaces', (good) => `v1= ${good}`],
    ['in base64', (good) => `v1=${Buffer.from(good, 'hex').toString('base64')}`],
    ['after an empty one', (good) => `, v1=${good}`],
    ['before an empty one', (good) => `v1=${good},`],
    ['after one of another version', (good) => `v0=${good}, v1=${good}`],
    ['with a letter that is no hex digit', (good) => `v1=g${good.slice(1)}`],
    ['with digits of another script', (good) => `v1=\uff11${good.slice(1)}`],
  ])('%s is refused', async (_, forge) => {
    const { verifier, parts } = honest();
    expect(await judge(verifier, set(parts, { 'x-api-signature': forge(hex(parts)) }))).toBe('malformed_field');
  });

  it('does not pass with any one bit flipped', async () => {
    const { verifier, parts } = honest();
    const bytes = Buffer.from(hex(parts), 'hex');
    for (let bit = 0; bit < 256; bit += 1) {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const forged = set(parts, { 'x-api-signature': `v1=${flipped.toString('hex')}` });
      expect(await judge(verifier, forged)).toBe('signature_mismatch');
    }
  });

  it('of a response is none of a request, though the same secret made it', async () => {
    const { verifier, parts, secret } = honest();
    const { stringToSign } = countersignV1Response.prepare({
      request: toMessage({ method: 'GET', url }, new Headers(parts.headers)),
      accessKey: 'unused',
      time: noon,
      status: 200,
      headers: new Headers(),
      body: new Uint8Array(),
      sha256: undefined,
    });
    expect(stringToSign).toMatch(/^countersign-v1-response\n/);
    expect(await judge(verifier, set(parts, { 'x-api-signature': `v1=${macOf(secret, `${stringToSign}`)}` }))).toBe(
      'signature_mismatch',
    );
  });

  it('of one key is none of another', async () => {
    const [one, two] = [rig(), rig()];
    const parts = signedParts(one.signer);
    const keys = memoryKeys(
      [one, two].map(({ accessKey, secret }) => ({ accessKey, service: 'a', secrets: [{ secret }] })),
    );
    const verifier = createVerifier({ keys, replay: memoryReplay({ clock: () => noon }), clock: () => noon });
    expect(await judge(verifier, set(parts, { 'x-api-key': two.accessKey }))).toBe('signature_mismatch');
    expect(await judge(verifier, parts)).toBe('ok');
  });
});

describe('the list of signed headers', () => {
  it.each([
    'x-tenant',
    'x-trace',
    'x-trace;x-tenant',
    'x-tenant;x-tenant;x-trace',
    'x-tenant;x-trace;',
    ';x-tenant;x-trace',
    'X-Tenant;X-Trace',
    'x-tenant; x-trace',
    'x-tenant,x-trace',
    'host;x-tenant;x-trace',
    'content-type;x-tenant;x-trace',
    'x-api-key;x-tenant;x-trace',
    'x-absent;x-tenant;x-trace',
    'x-tenant:blue\nx-trace',
  ])('cannot become %j', async (names) => {
    const { verifier, parts } = honest();
    expect(await judge(verifier, set(parts, { 'x-api-signed-headers': names }))).not.toBe('ok');
  });

  it.each(['x-a;x-a', 'x-b;x-a', 'X-A', 'x-a;', 'x-a; x-b', 'host', 'x-api-nonce', 'content-length'])(
    'is refused as %j even where the signature is right',
    async (list) => {
      const { verifier, accessKey, secret } = rig();
      const nonce = 'n'.repeat(16);
      const start = ['countersign-v1-request', accessKey, noon / 1000, nonce, 'GET', 'a.example', '/', '', ''];
      const lines = (names: string) => names.split(';').map((name) => `${name}:v`);
      const judged = (names: string) => {
        const signature = `v1=${macOf(secret, [...start, ...lines(names)].join('\n'))}`;
        const all = Object.fromEntries(names.split(';').map((name) => [name.trim().toLowerCase(), 'v']));
        const api = { key: accessKey, timestamp: `${noon / 1000}`, nonce, 'signed-headers': names, signature };
        const fields = Object.entries(api).map(([name, value]) => [`x-api-${name}`, value]);
        const headers = { ...all, ...Object.fromEntries(fields) };
        return judge(verifier, { method: 'GET', authority: 'a.example', target: '/', scheme: 'https', headers });
      };
      expect(await judged(list)).toBe('malformed_field');
      expect(await judged('x-a;x-b')).toBe('ok');
    },
  );

  it('cannot be added to', async () => {
    const { signer, verifier } = rig();
    const parts = signedParts(signer);
    expect(await judge(verifier, set(parts, { 'x-api-signed-headers': 'x-a', 'x-a': '' }))).toBe('signature_mismatch');
  });

  it('leaves other headers alone: what is added without being signed changes nothing', async () => {
    const { verifier, parts } = honest();
    expect(await judge(verifier, set(parts, { 'x-forwarded-for': '192.0.2.1', via: '1.1 proxy' }))).toBe('ok');
  });

  it('a signed header that a web Request combines is the combined one', async () => {
    const { signer, verifier } = honest();
    const headers = new Headers([
      ['x-tenant', 'blue'],
      ['x-trace', 'a'],
      ['x-trace', 'b'],
    ]);
    const request = await signer.sign(new Request('https://api.example.com/', { headers }));
    const forged = new Request(request);
    forged.headers.append('x-tenant', 'red');
    expect(outcomeOf(await verifier.verify(forged))).toBe('signature_mismatch');
    expect(outcomeOf(await verifier.verify(request))).toBe('ok');
  });
});
