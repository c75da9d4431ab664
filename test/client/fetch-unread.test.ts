import { createHash } from 'node:crypto';
import { allowUnsignedPayload, prepareRequest, signedFetch } from 'countersign';
import { describe, expect, it } from 'vitest';
import { rig } from './rig.ts';

const bytes = new Uint8Array([0, 1, 254, 255]);
const streamOf = (...parts: Uint8Array[]) => new Response(new Blob(parts as BlobPart[])).body as ReadableStream;

describe('a stream that is sent unread', () => {
  const sha256 = createHash('sha256').update(bytes).digest('base64');
  const streamed = { method: 'POST', duplex: 'half' } as RequestInit;

  it('is signed by the Content-Digest that the caller declares', async () => {
    const { signer, origin, outcomes } = await rig({ signer: { maxBodyBytes: 0 } });
    const headers = { 'content-digest': `sha-256=:${sha256}:` };
    await signedFetch(signer)(origin, { ...streamed, body: streamOf(bytes), headers });
    await signedFetch(signer)(new Request(origin, { ...streamed, body: streamOf(bytes), headers }));
    await fetch(await signer.sign(new Request(origin, { ...streamed, body: streamOf(bytes), headers })));
    expect(outcomes()).toEqual(['ok', 'ok', 'ok']);
  });

  it('is refused by the server when it is not what the caller declared', async () => {
    const { signer, origin, outcomes } = await rig();
    const headers = { 'content-digest': `sha-256=:${sha256}:` };
    await signedFetch(signer)(origin, { ...streamed, body: streamOf(bytes, bytes), headers });
    expect(outcomes()).toEqual(['body_digest_mismatch']);
  });

  it('is left unsigned only where both sides allow it by symbol', async () => {
    const signer = { [allowUnsignedPayload]: true, maxBodyBytes: 0 } as const;
    const lenient = await rig({ signer, verifier: { [allowUnsignedPayload]: true } });
    await signedFetch(lenient.signer)(lenient.origin, { ...streamed, body: streamOf(bytes) });
    await signedFetch(lenient.signer)(new Request(lenient.origin, { ...streamed, body: streamOf(bytes) }));
    expect(lenient.outcomes()).toEqual(['ok', 'ok']);
    expect(lenient.sent('x-api-payload')).toEqual(['unsigned', 'unsigned']);
    expect(lenient.sent('content-digest')).toEqual([null, null]);
    const strict = await rig({ signer });
    await signedFetch(strict.signer)(strict.origin, { ...streamed, body: streamOf(bytes) });
    expect(strict.outcomes()).toEqual(['unsigned_body']);
  });

  it('does not leave unsigned what is in memory', async () => {
    const { signer, origin, outcomes, sent } = await rig({ signer: { [allowUnsignedPayload]: true } });
    for (const body of ['text', bytes, new URLSearchParams('a=b')])
      await signedFetch(signer)(origin, { method: 'POST', body });
    expect(outcomes()).toEqual(['ok', 'ok', 'ok']);
    expect(sent('x-api-payload')).toEqual([null, null, null]);
  });
});

describe('a declared Content-Digest', () => {
  it('of a body in memory gives way to that of the body', async () => {
    const { signer, origin, outcomes } = await rig();
    const headers = { 'content-digest': `sha-256=:${btoa('x'.repeat(32))}:` };
    await signedFetch(signer)(origin, { method: 'POST', body: 'b', headers });
    expect(outcomes()).toEqual(['ok']);
  });

  it('of no bytes is signed where there is no body', async () => {
    const { signer, origin, outcomes } = await rig();
    const headers = { 'Content-Digest': `sha-256=:${createHash('sha256').digest('base64')}:` };
    await signedFetch(signer)(origin, { headers });
    await signedFetch(signer)(origin, { method: 'POST', body: '', headers });
    await fetch(origin, { headers: { ...headers, ...prepareRequest(signer, { url: origin, headers }).headers } });
    expect(outcomes()).toEqual(['ok', 'ok', 'ok']);
  });
});
