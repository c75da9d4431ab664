import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { createSigner, prepareRequest, type SignerOptions } from 'countersign';
import { type ExplainOptions, explainSignature } from 'countersign/explain';
import {
  cavage12,
  countersignV1,
  defineScheme,
  presign,
  rfc9421,
  type Scheme,
  signedLinks,
  sigv4,
  standardWebhooks,
} from 'countersign/schemes';
import { memoryKeys, type ReceivedRequest } from 'countersign/server';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toMessage } from '../../src/core/message.ts';
import { headerView } from '../../src/node/received.ts';
import { ready } from '../schemes/definitions/ready.ts';

const accessKey = 'partner-1';
const noon = Date.UTC(2026, 10, 22, 12);
const aws = { region: 'eu-west-1', service: 'execute-api' };
const challenge = 'challenge-of-the-server';

type Known = { readonly scheme: Scheme; readonly secret: string; readonly nonce?: string };

const schemes: readonly Known[] = [
  ...[
    countersignV1,
    cavage12(),
    rfc9421(),
    sigv4(aws),
    presign(aws),
    signedLinks({ maxLifetime: 600, unsignedPayload: true }),
  ].map((scheme) => ({
    scheme,
    secret: 'a secret that both sides know',
  })),
  { scheme: standardWebhooks(), secret: `whsec_${Buffer.alloc(32, 5).toString('base64')}` },
  ...ready.map(({ definition }) => ({
    scheme: defineScheme(definition),
    secret: definition.secret === 'base64' ? Buffer.alloc(32, 5).toString('base64') : 'a secret that both sides know',
    ...(definition.nonce === 'uuid' && { nonce: randomUUID() }),
  })),
];

type Sent = ReceivedRequest & { readonly body: Uint8Array };

/** A request, as it is sent. */
function sent({ scheme, secret, nonce }: Known, options: Partial<SignerOptions> = {}): Sent {
  const body = new TextEncoder().encode('{"sku":"A-1"}');
  const headers = { 'content-type': 'application/json' };
  const signer = createSigner({
    accessKey,
    secret,
    scheme,
    clock: () => noon,
    challenge: () => challenge,
    ...(nonce !== undefined && { nonce: () => nonce }),
    ...options,
  } as SignerOptions);
  const made = prepareRequest(signer, {
    method: 'POST',
    url: 'https://api.example.com/v1/orders?b=2&a=1',
    headers,
    body,
  });
  const { authority, rawTarget, scheme: protocol } = toMessage({ method: 'POST', url: made.url }, new Headers());
  const fields = { host: authority, ...headers, ...made.headers };
  return {
    method: 'POST',
    authority,
    target: rawTarget,
    scheme: protocol,
    headers: headerView(Object.entries(fields).flat()),
    body,
  };
}

const explained = (known: Known, request: ReceivedRequest, options: Partial<ExplainOptions> = {}) =>
  explainSignature(request, {
    keys: memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret: known.secret }] }]),
    scheme: known.scheme,
    accessKey,
    clock: () => noon,
    ...options,
  });

const uncovered = ({ scheme: { findings = [] } }: Known, code: string): boolean =>
  findings.some((finding) => finding.code === code);

describe.each(schemes.map((known) => ({ name: known.scheme.name, known })))('$name', ({ name, known }) => {
  // What a verifier refuses that has issued no challenges.
  const challenged = name === 'key-and-challenge';

  it('is explained where it verifies', async () => {
    const explanation = await explained(known, sent(known));
    expect(explanation).toMatchObject({
      ...(challenged ? { code: 'invalid_challenge' } : { verified: true }),
      scheme: name,
      differences: [],
      key: { secrets: [{ fits: true }] },
    });
    expect(explanation.message.method).toBe('POST');
  });

  it('tells a secret with a line break', async () => {
    // The text of these secrets is decoded, and has no line break then.
    if (
      /^(?:standard-webhooks|acquia-hmac|azure-app-configuration|azure-communication-services|azure-storage|coinbase-exchange|kraken-api)$/.test(
        name,
      )
    )
      return;
    const { differences } = await explained(
      known,
      sent(known, { secret: new TextEncoder().encode(`${known.secret}\n`) }),
    );
    expect(differences.map(({ code }) => code)).toEqual(['secret-whitespace']);
  });

  it('tells a prefix of the path, where the path is signed', async () => {
    if (uncovered(known, 'path-unsigned')) return;
    const request = sent(known);
    const { differences } = await explained(known, { ...request, target: request.target.replace('/v1', '') });
    expect(differences).toMatchObject([{ code: 'path-prefix', proven: true }]);
    expect(differences[0]?.remedy).toContain('/v1');
  });

  it('tells a body that was written anew, where the body is signed', async () => {
    if (uncovered(known, 'body-unsigned')) return;
    const body = new TextEncoder().encode('{"sku": "A-1"}');
    const { differences } = await explained(known, { ...sent(known), body });
    expect(differences).toMatchObject([{ code: 'body-serialised', proven: true }]);
  });

  it('tells nothing of a signature that nobody made, and never the one that would fit', async () => {
    const request = sent(known, { secret: known.secret.replace(/^(whsec_)?.{8}/, '$1AAAABBBB') });
    const explanation = await explained(known, request);
    expect(explanation).toMatchObject({ verified: false, differences: [], key: { secrets: [{ fits: false }] } });
    const told = JSON.stringify(explanation);
    for (const { headers, authority, target } of [request, sent(known)]) {
      const message = toMessage({ method: 'POST', url: `https://${authority}${target}` }, headers);
      for (const signature of known.scheme.read(message).signatures) {
        for (const encoding of ['hex', 'base64', 'base64url'] as const) {
          expect(told).not.toContain(Buffer.from(signature).toString(encoding));
        }
      }
    }
    expect(told).not.toContain(known.secret);
  });
});

it('tells an algorithm that is not the key’s', async () => {
  const { publicKey } = generateKeyPairSync('ed25519');
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const imported = await crypto.subtle.importKey('spki', new Uint8Array(spki), 'Ed25519', true, ['verify']);
  const known = { scheme: rfc9421(), secret: 'a secret that both sides know' };
  const keys = memoryKeys([{ accessKey, service: 'shop', secrets: [{ publicKey: imported }] }]);
  const { differences } = await explained(known, sent(known), { keys });
  expect(differences).toMatchObject([{ code: 'algorithm', proven: true }]);
  expect(differences[0]?.message).toBe('The signature states hmac-sha256; the key is for ed25519.');
});

it('tells a time in seconds where milliseconds are meant', async () => {
  const scheme = defineScheme({
    name: 'milliseconds',
    timestamp: 'unix-milliseconds',
    stringToSign: '{method}\n{target}\n{timestamp}\n{body|sha256|hex}',
    headers: { 'X-Time': '{timestamp}', 'X-Sign': '{signature}' },
  });
  const known = { scheme, secret: 'a secret that both sides know' };
  const explanation = await explained(known, sent(known, { clock: () => Math.floor(noon / 1000) }));
  expect(explanation).toMatchObject({
    code: 'stale_timestamp',
    differences: [{ code: 'timestamp-unit', proven: false }],
  });
});

it('takes whatever is sent for a request, and explains it', { timeout: 120_000 }, async () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string());
  const target = text.map((one) => `/${one.replace(/[^\w!$%&'()*+,./:;=@^|~-]/g, '')}`);
  const header = text.map((one) => one.replace(/\p{Cc}/gu, ''));
  const known = { scheme: countersignV1, secret: 'a secret that both sides know' };
  await fc.assert(
    fc.asyncProperty(target, header, fc.uint8Array(), async (changed, value, body) => {
      const { headers, ...rest } = sent(known);
      const view = {
        get: (name: string) => (name === 'x-note' ? value : headers.get(name)),
        keys: () => [...(headers.keys?.() ?? []), 'x-note'],
      };
      const explanation = await explained(known, { ...rest, headers: view, target: changed, body });
      expect(explanation.verified).toBe(false);
      expect(explanation.body.bytes).toBe(body.length);
    }),
    { numRuns: 8 },
  );
});

it('refuses what is no request at all, and a store that does not answer', async () => {
  const known = { scheme: countersignV1, secret: 'a secret that both sides know' };
  const request = sent(known);
  await expect(explained(known, { ...request, target: '/a#b' })).rejects.toMatchObject({ code: 'malformed_field' });
  await expect(explained(known, request, { maxBodyBytes: 1 })).rejects.toMatchObject({ code: 'body_too_large' });
  await expect(explained(known, request, { publicPath: 'v1' })).rejects.toMatchObject({
    code: 'invalid_configuration',
  });
  const find = async () => {
    throw new Error('out of reach');
  };
  await expect(explained(known, request, { keys: { find } })).rejects.toMatchObject({ code: 'key_store_unavailable' });
});
