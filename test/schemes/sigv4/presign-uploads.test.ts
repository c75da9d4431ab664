import { createHash, createHmac } from 'node:crypto';
import { createSigner, prepareRequest } from 'countersign';
import { type PresignOptions, presign, sigv4 } from 'countersign/schemes';
import { createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
import { describe, expect, it } from 'vitest';
import { accessKey, date, secret, smithy, smithyRequest, time } from './peers.ts';

const region = 'eu-west-1';
const clock = () => time;
const signerOf = (options: Partial<PresignOptions>) =>
  createSigner({ accessKey, secret, scheme: presign({ region, service: 's3', expires: 900, ...options }), clock });

describe('a presigned upload with its length signed', () => {
  const url = 'https://bucket.s3.eu-west-1.amazonaws.com/photo.jpg';
  const options = { signedHeaders: ['content-length', 'content-type'] };
  const headers = { 'content-length': '2', 'content-type': 'image/jpeg' };
  const upload = { method: 'PUT', url, headers };
  const link = prepareRequest(signerOf(options), upload).url;

  it('has the signature that @smithy/signature-v4 gives it', async () => {
    const declared = { ...upload, headers: { ...headers, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } };
    const signed = await smithy({ service: 's3', region }).presign(smithyRequest(declared), {
      signingDate: new Date(time),
      expiresIn: 900,
      unhoistableHeaders: new Set(['x-amz-content-sha256']),
    });
    const ours = prepareRequest(signerOf(options), declared).url;
    expect(new URL(ours).searchParams.get('X-Amz-Signature')).toBe(signed.query?.['X-Amz-Signature']);
    expect(new URL(ours).searchParams.get('X-Amz-SignedHeaders')).toContain('content-length;content-type;host');
  });

  const judge = async (fields: Record<string, string>) => {
    const verifier = createVerifier({
      keys: memoryKeys([{ accessKey, service: 'uploads', secrets: [{ secret }] }]),
      replay: memoryReplay({ clock }),
      scheme: presign({ region, service: 's3', ...options }),
      acceptFindings: ['body-unsigned'],
      clock,
    });
    const target = link.slice('https://bucket.s3.eu-west-1.amazonaws.com'.length);
    const authority = 'bucket.s3.eu-west-1.amazonaws.com';
    const request = { method: 'PUT', scheme: 'https', authority, target, headers: new Headers(fields) } as const;
    const result = await verifier.verify({ ...request, body: new TextEncoder().encode('ab') });
    return result.ok ? 'ok' : result.error.code;
  };

  it('is accepted with that length, and with no other', async () => {
    expect(await judge(headers)).toBe('ok');
    expect(await judge({ ...headers, 'content-length': '3' })).toBe('signature_mismatch');
    const { 'content-length': _, ...without } = headers;
    expect(await judge(without)).toBe('missing_header');
  });

  it('takes no other header of the connection, and sigv4 takes none', () => {
    expect(() => signerOf({ signedHeaders: ['transfer-encoding'] })).toThrow(/transfer-encoding/);
    expect(() => sigv4({ region, service: 's3', signedHeaders: ['content-length'] })).toThrow(/content-length/);
  });
});

describe('a presigned address of a WebSocket', () => {
  const url = 'wss://a1b2c3.iot.eu-west-1.amazonaws.com/mqtt';
  const hmac = (key: string | Uint8Array, text: string) => createHmac('sha256', key).update(text).digest();

  /** As "MQTT over the WebSocket protocol" in the documentation of AWS IoT computes it. */
  function expected(sessionToken?: string): string {
    const day = date.slice(0, 8);
    const scope = `${day}/${region}/iotdevicegateway/aws4_request`;
    const query = `X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${encodeURIComponent(`${accessKey}/${scope}`)}&X-Amz-Date=${date}&X-Amz-Expires=900&X-Amz-SignedHeaders=host`;
    const empty = createHash('sha256').update('').digest('hex');
    const canonical = `GET\n/mqtt\n${query}\nhost:a1b2c3.iot.eu-west-1.amazonaws.com\n\nhost\n${empty}`;
    const hash = createHash('sha256').update(canonical).digest('hex');
    const key = [region, 'iotdevicegateway', 'aws4_request'].reduce(hmac, hmac(`AWS4${secret}`, day));
    const signature = hmac(key, `AWS4-HMAC-SHA256\n${date}\n${scope}\n${hash}`).toString('hex');
    const token = sessionToken === undefined ? '' : `&X-Amz-Security-Token=${encodeURIComponent(sessionToken)}`;
    return `${url}?${query}&X-Amz-Signature=${signature}${token}`;
  }

  it.each([undefined, 'IQoJb3JpZ2luX2VjE/+=='])('is what AWS IoT takes, with the session token %s', (sessionToken) => {
    const signer = signerOf({ service: 'iotdevicegateway', ...(sessionToken !== undefined && { sessionToken }) });
    expect(prepareRequest(signer, { url }).url).toBe(expected(sessionToken));
    expect(prepareRequest(signer, { url: new URL(url) }).url).toBe(expected(sessionToken));
  });

  it('stays without TLS where it has none', () => {
    const { url: signed } = prepareRequest(signerOf({ service: 'iotdevicegateway' }), {
      url: 'ws://localhost:9400/mqtt',
    });
    expect(signed).toMatch(/^ws:\/\/localhost:9400\/mqtt\?X-Amz-Algorithm=/);
  });
});
