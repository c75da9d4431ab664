import { createSigner } from 'countersign';
import { standardWebhooks } from 'countersign/schemes';
import { createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { judge } from '../../server/rig.ts';
import { accessKey, delivery, withHeaders } from './rig.ts';

// The peer's clock cannot be set, so both sides go by the real one.
const key = fc.uint8Array({ minLength: 24, maxLength: 64 });
const id = fc.stringMatching(/^[\w:+=/-]{1,60}$/);
const payload = fc
  .oneof(fc.json(), fc.string(), fc.constant(''), fc.string({ unit: 'binary' }))
  .map((text) => text.toWellFormed());
const secretOf = (bytes: Uint8Array) => `whsec_${Buffer.from(bytes).toString('base64')}`;
const receiverOf = (secret: string) =>
  createVerifier({
    keys: memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }]),
    replay: memoryReplay(),
    scheme: standardWebhooks(),
  });

describe('standardwebhooks from npm', () => {
  it('accepts what we sign', () => {
    fc.assert(
      fc.property(key, id, payload, (bytes, given, body) => {
        const secret = secretOf(bytes);
        const signer = createSigner({ accessKey, secret, scheme: standardWebhooks(), nonce: () => given });
        const { headers } = delivery(signer, body);
        expect(() => new Webhook(secret).verify(body, { ...headers }, { jsonParse: false })).not.toThrow();
      }),
    );
  });

  it('signs what we accept', async () => {
    await fc.assert(
      fc.asyncProperty(key, id, payload, async (bytes, given, body) => {
        const secret = secretOf(bytes);
        const now = new Date();
        const parts = withHeaders(
          { method: 'POST', authority: 'example.com', target: '/', headers: {}, body: new TextEncoder().encode(body) },
          {
            'webhook-id': given,
            'webhook-timestamp': `${Math.floor(now.getTime() / 1000)}`,
            'webhook-signature': new Webhook(secret).sign(given, now, body),
          },
        );
        expect(await judge(receiverOf(secret), parts)).toBe('ok');
      }),
    );
  });

  it('accepts one of several signatures, while secrets change', () => {
    const [old, next] = [secretOf(new Uint8Array(32).fill(1)), secretOf(new Uint8Array(32).fill(2))];
    const scheme = standardWebhooks({ alsoSignedBy: [old] });
    const { headers } = delivery(createSigner({ accessKey, secret: next, scheme }), '{}');
    for (const secret of [old, next]) expect(new Webhook(secret).verify('{}', { ...headers })).toEqual({});
  });

  it('gives one signature to two bodies, which we do not', async () => {
    const secret = secretOf(new Uint8Array(32).fill(1));
    const now = new Date();
    const [one, other] = [0xff, 0xfe].map((byte) => new Webhook(secret).sign('msg_1', now, Buffer.of(byte)));
    expect(one).toBe(other);
    const parts = withHeaders(
      { method: 'POST', authority: 'example.com', target: '/', headers: {}, body: Uint8Array.of(0xff) },
      { 'webhook-id': 'msg_1', 'webhook-timestamp': `${Math.floor(now.getTime() / 1000)}`, 'webhook-signature': one },
    );
    expect(await judge(receiverOf(secret), parts)).toBe('signature_mismatch');
  });

  it('reads a timestamp with something behind it, which we do not', async () => {
    const secret = secretOf(new Uint8Array(32).fill(1));
    const signer = createSigner({ accessKey, secret, scheme: standardWebhooks() });
    const parts = delivery(signer, '{}');
    const changed = withHeaders(parts, { 'webhook-timestamp': `${parts.headers['webhook-timestamp']}junk` });
    expect(new Webhook(secret).verify('{}', { ...changed.headers })).toEqual({});
    expect(await judge(receiverOf(secret), changed)).toBe('malformed_field');
  });
});
