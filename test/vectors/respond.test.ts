import { countersignedFetch, createSigner, type SignatureError } from 'countersign';
import { describe, expect, it } from 'vitest';
import { contentDigest, sha256OfBodySync } from '../../src/core/digest.ts';
import { hex, utf8 } from '../../src/core/encoding.ts';
import { toMessage } from '../../src/core/message.ts';
import { hmacSha256 } from '../../src/core/signing-key.ts';
import { countersignV1Response } from '../../src/schemes/countersign-v1/response.ts';
import { bytesOf, type CheckCase, type RespondCase } from './format.ts';
import { vectors } from './read.ts';

const sha256Of = (bytes: Uint8Array) => (bytes.length ? sha256OfBodySync(bytes) : undefined);

const prepare = ({ requestSignature, time, response: { status, contentType, headers = [], body } }: RespondCase) =>
  countersignV1Response.prepare({
    request: toMessage(
      { method: 'GET', url: 'https://example.com/' },
      new Headers({ 'X-API-Signature': requestSignature }),
    ),
    accessKey: 'unused',
    time: time * 1000 + 999,
    status,
    headers: new Headers([['Content-Type', contentType], ...headers.map(([...pair]) => pair as [string, string])]),
    body: bytesOf(body),
    sha256: sha256Of(bytesOf(body)),
  });

describe('countersigning', () => {
  it.each(vectors.respond)('body digest of $name', ({ response, stages }) => {
    const sha256 = sha256Of(bytesOf(response.body));
    expect(sha256 ? contentDigest(sha256) : '').toBe(stages.unencodedDigest);
  });

  it.each(vectors.respond)('string to sign of $name', (vector) => {
    expect(prepare(vector).stringToSign).toBe(vector.stages.stringToSign);
  });

  it.each(vectors.respond)('MAC of $name', async ({ secret, stages }) => {
    expect(hex(await hmacSha256(bytesOf(secret)).sign(utf8(stages.stringToSign)))).toBe(stages.mac);
  });

  it.each(vectors.respond)('headers of $name', (vector) => {
    const headers = prepare(vector).headers(Buffer.from(vector.stages.mac, 'hex'));
    expect(headers).toEqual(Object.fromEntries(vector.stages.headers));
  });
});

/** Has the first of the sign cases sent, and answered with what the case says. */
async function judged({ received, requestSignature }: CheckCase): Promise<CheckCase['outcome']> {
  const [request] = vectors.sign;
  if (!request) throw new Error('There is no sign case.');
  const { accessKey, secret } = request.credentials;
  const { status, headers, body } = received;
  const signer = createSigner({
    accessKey,
    secret: 'utf8' in secret ? secret.utf8 : bytesOf(secret),
    clock: () => request.time * 1000,
    nonce: () => request.nonce,
  });
  const fetch = countersignedFetch(signer, {
    fetch: async (...given) => {
      expect(new Request(...given).headers.get('x-api-signature')).toBe(requestSignature);
      return new Response(bytesOf(body), { status, headers: headers.map(([...pair]) => pair as [string, string]) });
    },
  });
  return fetch(request.request.url ?? '').then(
    () => ({ accepted: true }),
    ({ code }: SignatureError) => ({ accepted: false, code }),
  );
}

describe('checking a countersignature', () => {
  it.each(vectors.check)('of $name', async (vector) => {
    expect(await judged(vector)).toEqual(vector.outcome);
  });
});
