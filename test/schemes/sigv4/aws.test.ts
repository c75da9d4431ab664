import { createHash, createHmac } from 'node:crypto';
import { createSigner, type Message, prepareRequest } from 'countersign';
import { presign, sigv4 } from 'countersign/schemes';
import { describe, expect, it } from 'vitest';
import { type AwsCase, s3Examples, suite, suiteToken, suiteTokenSignature } from './aws-cases.ts';
import { accessKey, date, secret, time } from './peers.ts';

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');
const scope = { region: 'us-east-1', service: 'service' };
const authority = 'example.amazonaws.com';

function messageOf({ method = 'GET', target, headers = {} }: AwsCase): Message {
  return {
    method,
    scheme: 'https',
    authority,
    target,
    rawTarget: target,
    headers: {
      get: (name) => headers[name]?.join(', ') ?? null,
      keys: () => Object.keys(headers),
      lines: (name) => headers[name] ?? [],
    },
  };
}

/** What the AWS documentation tells to sign, by hand. */
function publishedString({ method = 'GET', headers = {}, body = '', canonical }: AwsCase): string {
  const names = [...Object.keys(headers), 'host', 'x-amz-date'].sort().join(';');
  // In all cases other headers than these two come before or between them.
  const own = canonical.headers ?? '';
  const lines = names.startsWith('host')
    ? `host:${authority}\n${own}x-amz-date:${date}\n`
    : `${own}host:${authority}\nx-amz-date:${date}\n`;
  const request = `${method}\n${canonical.path}\n${canonical.query ?? ''}\n${lines}\n${names}\n${hashOf(body)}`;
  return `AWS4-HMAC-SHA256\n${date}\n20150830/us-east-1/service/aws4_request\n${hashOf(request)}`;
}

describe('The AWS test suite', () => {
  const key = sigv4(scope).createKey(secret);

  it.each(suite)('$name has the string to sign and the signature that AWS publishes', async (one) => {
    const scheme = sigv4({ ...scope, payloadHeader: false, signedHeaders: Object.keys(one.headers ?? {}) });
    const sha256 = createHash('sha256')
      .update(one.body ?? '')
      .digest();
    const prepared = scheme.prepare({
      message: messageOf(one),
      accessKey,
      time,
      nonce: '',
      body: one.body === undefined ? { kind: 'none' } : { kind: 'digest', sha256 },
      signedHeaders: [],
    });
    expect(prepared.stringToSign).toBe(publishedString(one));
    const derived = await (prepared.deriveKey?.(key) ?? key);
    const signature = Buffer.from(await derived.sign(Buffer.from(String(prepared.stringToSign))));
    expect(signature.toString('hex')).toBe(one.signature);
  });

  it('post-sts-header-before has the signature that AWS publishes, wherever the token comes from', () => {
    const request = { method: 'POST', url: `https://${authority}/` };
    const common = { clock: () => time };
    const byOption = createSigner({
      ...common,
      accessKey,
      secret,
      scheme: sigv4({ ...scope, payloadHeader: false, sessionToken: suiteToken }),
    });
    const byCredentials = createSigner({
      ...common,
      credentials: { accessKey, secret, sessionToken: suiteToken },
      scheme: sigv4({ ...scope, payloadHeader: false, sessionToken: 'another' }),
    });
    for (const signer of [byOption, byCredentials]) {
      const headers = prepareRequest(signer, request).headers;
      expect(headers['x-amz-security-token']).toBe(suiteToken);
      expect(headers.authorization).toMatch(new RegExp(`Signature=${suiteTokenSignature}$`));
    }
  });
});

describe('The S3 documentation', () => {
  const credentials = {
    accessKey: 'AKIAIOSFODNN7EXAMPLE',
    secret: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    clock: () => Date.UTC(2013, 4, 24),
  };
  const s3 = { region: 'us-east-1', service: 's3' };
  const origin = 'https://examplebucket.s3.amazonaws.com';

  it.each(s3Examples)('$name has the signature that AWS publishes', ({ parts, signedHeaders, signature }) => {
    const signer = createSigner({ ...credentials, scheme: sigv4(s3), signedHeaders });
    const headers = prepareRequest(signer, { ...parts, url: origin + parts.url }).headers;
    expect(headers.authorization?.split('Signature=')[1]).toBe(signature);
  });

  it('has the presigned address that AWS publishes, to the byte', () => {
    const signer = createSigner({ ...credentials, scheme: presign({ ...s3, expires: 86400 }) });
    expect(prepareRequest(signer, { url: `${origin}/test.txt` })).toEqual({
      url: `${origin}/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404`,
      headers: {},
    });
  });
});

describe('The key of a day', () => {
  it('is derived once, and of other days and keys are others', () => {
    const { deriveKey } = prepared(time);
    const [first, second] = [sigv4(scope).createKey(secret), sigv4(scope).createKey(`${secret}2`)];
    const derived = deriveKey?.(first);
    expect(prepared(time + 60_000).deriveKey?.(first)).toBe(derived);
    expect(prepared(time).deriveKey?.(second)).not.toBe(derived);
    expect(prepared(time + 86_400_000).deriveKey?.(first)).not.toBe(derived);
  });

  it('is that of the AWS documentation', async () => {
    const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
    const expected = ['us-east-1', 'service', 'aws4_request'].reduce<Buffer>(
      (key, part) => hmac(key, part),
      hmac(`AWS4${secret}`, '20150830'),
    );
    const derived = await prepared(time).deriveKey?.(sigv4(scope).createKey(secret));
    const signature = await derived?.sign(Buffer.from('text'));
    expect(Buffer.from(signature ?? []).toString('hex')).toBe(hmac(expected, 'text').toString('hex'));
  });

  const shared = sigv4(scope);
  const prepared = (at: number) =>
    shared.prepare({
      message: messageOf({ name: '', target: '/', canonical: { path: '/' }, signature: '' }),
      accessKey,
      time: at,
      nonce: '',
      body: { kind: 'none' },
      signedHeaders: [],
    });
});
