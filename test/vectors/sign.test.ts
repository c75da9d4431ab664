import { createSigner, prepareRequest } from 'countersign';
import { describe, expect, it } from 'vitest';
import { normaliseTarget, parseAddress, toHref } from '../../src/core/address.ts';
import { contentDigest, sha256OfBody, sha256OfBodySync } from '../../src/core/digest.ts';
import { hex, utf8 } from '../../src/core/encoding.ts';
import { toMessage } from '../../src/core/message.ts';
import type { SignatureInput, SignedBody } from '../../src/core/scheme.ts';
import { hmacSha256 } from '../../src/core/signing-key.ts';
import { allowUnsignedPayload } from '../../src/core/unsafe-options.ts';
import { readCountersignV1 } from '../../src/schemes/countersign-v1/read.ts';
import { signCountersignV1 } from '../../src/schemes/countersign-v1/sign.ts';
import { createRequestResolver, type ReceivedRequest } from '../../src/server/verify/message.ts';
import { bytesOf, type SignCase } from './format.ts';
import { vectors } from './read.ts';

const arrivalOf = createRequestResolver({});
const serverMessageOf = (request: Request | ReceivedRequest) => arrivalOf(request).message();

/** The message as pinned, so that each later stage is judged by itself. */
function inputOf({ request, stages, credentials, time, nonce, signedHeaders }: SignCase): SignatureInput {
  const bytes = bytesOf(request.body);
  const body: SignedBody = request.unsignedBody
    ? { kind: 'unsigned' }
    : bytes.length
      ? { kind: 'digest', sha256: sha256OfBodySync(bytes) }
      : { kind: 'none' };
  return {
    message: { ...stages.message, scheme: 'https', rawTarget: request.target, headers: headersOf(request.headers) },
    accessKey: credentials.accessKey,
    time: time * 1000 + 999,
    nonce,
    body,
    signedHeaders: signCountersignV1.signableHeaders(signedHeaders),
  };
}

function headersOf(pairs: readonly (readonly [string, string])[]): Headers {
  const headers = new Headers();
  for (const [name, value] of pairs) headers.append(name, value);
  return headers;
}

function signerOf({ request, credentials, time, nonce, signedHeaders }: SignCase) {
  return createSigner({
    accessKey: credentials.accessKey,
    secret: secretOf(credentials.secret),
    clock: () => time * 1000 + 999,
    nonce: () => nonce,
    signedHeaders,
    ...(request.unsignedBody && { [allowUnsignedPayload]: true }),
  });
}

/** A string with leading or trailing white space is refused, because it mostly comes from a file; its bytes are a secret like any other. */
function secretOf(secret: SignCase['credentials']['secret']): string | Uint8Array {
  return 'utf8' in secret && secret.utf8.trim() === secret.utf8 ? secret.utf8 : bytesOf(secret);
}

const withUrl = vectors.sign.filter(({ request }) => request.url !== undefined);

describe('signing', () => {
  it.each(vectors.sign)('message of $name', ({ request, stages }) => {
    const { method, scheme, host: authority, target, url, headers } = request;
    const view = headersOf(headers);
    // A client may be given any text; what goes on the wire is a URI.
    const sent = url === undefined ? stages.message.target : parseAddress(toHref(url)).rawTarget;
    expect(serverMessageOf({ method, scheme, authority, target: sent, headers: view })).toMatchObject(stages.message);
    expect(normaliseTarget(target)).toBe(stages.message.target);
    expect(normaliseTarget(stages.message.target)).toBe(stages.message.target);
    if (url === undefined) return;
    expect(toMessage({ method, url: new URL(url).href }, view)).toMatchObject(stages.message);
    expect(parseAddress(new Request(url).url).target).toBe(stages.message.target);
  });

  it.each(vectors.sign.filter(({ stages }) => stages.contentDigest))('body digest of $name', async (vector) => {
    const bytes = bytesOf(vector.request.body);
    expect(contentDigest(await sha256OfBody(bytes))).toBe(vector.stages.contentDigest);
    expect(contentDigest(sha256OfBodySync(bytes))).toBe(vector.stages.contentDigest);
  });

  it.each(vectors.sign)('string to sign of $name', (vector) => {
    expect(signCountersignV1.prepare(inputOf(vector)).stringToSign).toBe(vector.stages.stringToSign);
  });

  it.each(vectors.sign)('MAC of $name', async ({ credentials, stages }) => {
    const data = utf8(stages.stringToSign);
    const secret = bytesOf(credentials.secret);
    expect(hex(await hmacSha256(secret).sign(data))).toBe(stages.mac);
    const held = await crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
    expect(hex(await hmacSha256(held).sign(data))).toBe(stages.mac);
  });

  it.each(vectors.sign)('headers of $name', (vector) => {
    const { headers } = signCountersignV1.prepare(inputOf(vector));
    expect(headers(Buffer.from(vector.stages.mac, 'hex'))).toEqual(Object.fromEntries(vector.stages.headers));
  });

  it.each(vectors.sign)('what a verifier reads from $name', ({ request, stages, credentials, time, nonce }) => {
    const headers = headersOf([...request.headers, ...stages.headers]);
    const read = readCountersignV1({ ...stages.message, scheme: 'https', rawTarget: request.target, headers });
    expect(read).toMatchObject({ accessKey: credentials.accessKey, time: time * 1000, nonce });
    expect(read.stringToSign).toBe(stages.stringToSign);
    expect(read.signatures.map(hex)).toEqual([stages.mac]);
    expect(read.body.kind).toBe(request.unsignedBody ? 'unsigned' : stages.contentDigest ? 'digest' : 'none');
  });
});

describe('the signer', () => {
  it.each(withUrl.filter(({ request }) => !request.unsignedBody))('headers() of $name', (vector) => {
    const { method, url = '', headers, body } = vector.request;
    const added = prepareRequest(signerOf(vector), {
      method,
      url,
      headers: headersOf(headers),
      body: bytesOf(body),
    }).headers;
    expect(added).toEqual(Object.fromEntries(vector.stages.headers));
  });

  it.each(withUrl)('sign() of $name', async (vector) => {
    const { method, url = '', headers, body } = vector.request;
    const bytes = bytesOf(body);
    const init = { method, headers: headersOf(headers), ...(bytes.length && { body: bytes }) };
    const signed = await signerOf(vector).sign(new Request(url, init));
    expect(vector.stages.headers.map(([name]) => [name, signed.headers.get(name)])).toEqual(vector.stages.headers);
    expect(signed.method).toBe(vector.stages.message.method);
    expect(Buffer.from(await signed.arrayBuffer()).equals(bytes)).toBe(true);
  });
});
