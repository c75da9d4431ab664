import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { AwsClient } from 'aws4fetch';
import { allowUnsignedPayload, createSigner, signedFetch } from 'countersign';
import { presign, sigv4 } from 'countersign/schemes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bridge, startBridge } from '../../server-bridge.ts';
import { accessKey, credentials, secret } from './peers.ts';
import { verifierOf } from './rig.ts';

const scope = { region: 'eu-west-1', service: 'execute-api' };
// aws4fetch signs no content type, and sends the hash of a body to S3 alone.
const scheme = sigv4({ ...scope, signedHeaders: [], payloadHeader: false });
const json = { 'content-type': 'application/json' };
const codes = ({ exchanges }: Bridge) =>
  exchanges.splice(0).map(({ result }) => (result.ok ? 'ok' : result.error.code));

describe('A verifier of sigv4', () => {
  let bridge: Bridge;
  beforeAll(async () => {
    bridge = await startBridge({ verifier: verifierOf([scheme, presign(scope)]) });
  });
  afterAll(() => bridge.close());

  it('lets in what aws4fetch sends, and refuses it the second time', async () => {
    const client = new AwsClient({ ...credentials, ...scope });
    const url = `${bridge.origin}/v1/a b/ü?b=2&a=1&a=0&c`;
    const request = await client.sign(url, { method: 'POST', body: '{"a":1}', headers: json });
    expect((await fetch(request.clone())).status).toBe(200);
    expect((await fetch(request)).status).toBe(401);
    expect(codes(bridge)).toEqual(['ok', 'replayed_request']);
  });

  it('lets in an address that aws4fetch presigned', async () => {
    const client = new AwsClient({ ...credentials, ...scope });
    const url = `${bridge.origin}/v1/orders?X-Amz-Expires=60&q=a%20b`;
    const { url: signed } = await client.sign(url, { aws: { signQuery: true } });
    expect((await fetch(signed)).status).toBe(200);
    expect((await fetch(`${signed}&admin=true`)).status).toBe(401);
    expect(codes(bridge)).toEqual(['ok', 'signature_mismatch']);
  });

  it('lets in what @smithy/signature-v4 signs, and nothing that was changed', async () => {
    const { host, hostname, port } = new URL(bridge.origin);
    const signer = new SignatureV4({ ...scope, credentials, sha256: Sha256 });
    const body = '{"a":1}';
    const { headers } = await signer.sign({
      method: 'PUT',
      protocol: 'http:',
      hostname,
      port: Number(port),
      path: '/v1/a%20b/%C3%BC',
      query: { q: 'a b', k: '' },
      headers: { host, ...json },
      body,
    });
    const send = async (path: string, more: RequestInit = {}) => {
      const { host: _, ...rest } = headers;
      await fetch(`${bridge.origin}${path}`, { method: 'PUT', headers: rest, body, ...more });
    };
    await send('/v1/a%20b/%C3%BD?k&q=a+b');
    await send('/v1/a%20b/%C3%BC?k&q=a+c');
    await send('/v1/a%20b/%C3%BC?k&q=a+b', { method: 'POST' });
    await send('/v1/a%20b/%C3%BC?k&q=a+b', { body: '{"a":2}' });
    await send('/v1/a%20b/%C3%BC?k&q=a+b');
    const refused = ['signature_mismatch', 'signature_mismatch', 'signature_mismatch', 'body_digest_mismatch'];
    expect(codes(bridge)).toEqual([...refused, 'ok']);
  });

  it('lets in our own signer with a text, with bytes, and with a key that WebCrypto holds', async () => {
    const imported = await crypto.subtle.importKey(
      'raw',
      new TextEncoder().encode(`AWS4${secret}`),
      { name: 'HMAC', hash: 'SHA-256' },
      false,
      ['sign'],
    );
    for (const one of [secret, new TextEncoder().encode(secret), imported]) {
      const send = signedFetch(createSigner({ accessKey, secret: one, scheme }));
      const body = `{"of":"${typeof one === 'string' ? one.length : one.constructor.name}"}`;
      expect((await send(`${bridge.origin}/v1/orders?q=a+b%20c`, { method: 'POST', body })).status).toBe(200);
    }
    expect(codes(bridge)).toEqual(['ok', 'ok', 'ok']);
  });

  it('hashes the body itself where the request does not tell its hash', async () => {
    const send = signedFetch(createSigner({ accessKey, secret, scheme: sigv4({ ...scope, payloadHeader: false }) }));
    expect((await send(`${bridge.origin}/v1/a`, { method: 'POST', body: 'text' })).status).toBe(200);
    const { headers } = bridge.exchanges[0]?.request ?? {};
    expect(headers?.get('x-amz-content-sha256')).toBeNull();
    const again = {
      ...Object.fromEntries(['authorization', 'x-amz-date'].map((name) => [name, headers?.get(name) ?? ''])),
    };
    await fetch(`${bridge.origin}/v1/a`, { method: 'POST', body: 'other', headers: again });
    expect(codes(bridge)).toEqual(['ok', 'signature_mismatch']);
  });
});

describe('A verifier of sigv4 for S3', () => {
  it('refuses what aws4fetch sends with UNSIGNED-PAYLOAD, unless bodies may be unsigned', async () => {
    const s3 = { region: 'auto', service: 's3' };
    const strict = verifierOf(sigv4({ ...s3, signedHeaders: [] }));
    const lenient = verifierOf(sigv4({ ...s3, signedHeaders: [] }), { [allowUnsignedPayload]: true });
    const open = verifierOf(sigv4({ ...s3, signedHeaders: [], unsignedPayload: true }), {
      acceptFindings: ['body-unsigned'],
    });
    const client = new AwsClient({ ...credentials, ...s3 });
    const outcomes: string[] = [];
    for (const verifier of [strict, lenient, open]) {
      const request = await client.sign('https://photos.example.com/a b%2Bc', { method: 'PUT', body: 'x' });
      const result = await verifier.verify(request);
      outcomes.push(result.ok ? 'ok' : result.error.code);
    }
    expect(outcomes).toEqual(['unsigned_body', 'ok', 'ok']);
  });
});
