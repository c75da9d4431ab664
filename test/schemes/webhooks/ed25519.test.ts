import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { generateWebhookSecret } from 'countersign/schemes';
import { describe, expect, it } from 'vitest';
import { judge, noon, received } from '../../server/rig.ts';
import { delivery, receiver, secret, sender, withHeaders } from './rig.ts';

const pair = generateKeyPairSync('ed25519');
const jwk = (key: typeof pair.publicKey) => key.export({ format: 'jwk' }) as JsonWebKey;
const raw = Buffer.from(jwk(pair.publicKey).x ?? '', 'base64url');
const publicKey = await crypto.subtle.importKey('raw', raw, 'Ed25519', true, ['verify']);
const privateKey = await crypto.subtle.importKey('jwk', jwk(pair.privateKey), 'Ed25519', false, ['sign']);
const body = '{"paid":true}';
const content = `msg_1.${noon / 1000}.${body}`;
const made = `v1a,${sign(null, Buffer.from(content), pair.privateKey).toString('base64')}`;
const asymmetric = () => withHeaders(delivery(sender({ id: 'msg_1' }), body), { 'webhook-signature': made });

describe('an Ed25519 signature', () => {
  it('is accepted from whoever has the private half', async () => {
    const { verifier } = receiver({ secrets: [{ publicKey }] });
    expect(await judge(verifier, asymmetric())).toBe('ok');
    expect(await judge(verifier, asymmetric())).toBe('replayed_request');
  });

  it('is accepted beside HMACs, and by a key that has both kinds', async () => {
    const both = withHeaders(asymmetric(), {
      'webhook-signature': `${delivery(sender({ id: 'msg_1', by: generateWebhookSecret() }), body).headers['webhook-signature']} ${made}`,
    });
    expect(await judge(receiver({ secrets: [{ publicKey }] }).verifier, both)).toBe('ok');
    const mixed = receiver({ secrets: [{ secret }, { publicKey }] });
    expect(await judge(mixed.verifier, asymmetric())).toBe('ok');
    expect(await judge(mixed.verifier, delivery(sender({ id: 'msg_2' }), body))).toBe('ok');
  });

  it('is refused for another body, another key, and where only a secret is known', async () => {
    const known = receiver({ secrets: [{ publicKey }] });
    expect(await judge(known.verifier, { ...asymmetric(), body: Buffer.from('{}') })).toBe('signature_mismatch');
    const other = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify']);
    if (!('publicKey' in other)) throw new Error('No key pair was made.');
    expect(await judge(receiver({ secrets: [{ publicKey: other.publicKey }] }).verifier, asymmetric())).toBe(
      'signature_mismatch',
    );
    expect(await judge(receiver().verifier, asymmetric())).toBe('signature_mismatch');
  });

  it('cannot be replaced by an HMAC with the public key', async () => {
    const forged = delivery(sender({ id: 'msg_1', by: new Uint8Array(raw) }), body);
    expect(await judge(receiver({ secrets: [{ publicKey }] }).verifier, forged)).toBe('signature_mismatch');
  });

  it('is made by a signer with a private CryptoKey', async () => {
    const signer = sender({ id: 'msg_1', by: privateKey });
    const request = await signer.sign(new Request('https://example.com/', { method: 'POST', body }));
    const [version, text = ''] = request.headers.get('webhook-signature')?.split(',') ?? [];
    expect(version).toBe('v1a');
    expect(verify(null, Buffer.from(content), pair.publicKey, Buffer.from(text, 'base64'))).toBe(true);
    const result = await receiver({ secrets: [{ publicKey }] }).verifier.verify(request);
    expect(result.ok).toBe(true);
  });

  it('is spelt in one way', async () => {
    const last = made.at(-3) ?? '';
    const spelt = `${made.slice(0, -3)}${String.fromCharCode(last.charCodeAt(0) + 1)}==`;
    const parts = withHeaders(asymmetric(), { 'webhook-signature': spelt });
    const result = await receiver({ secrets: [{ publicKey }] }).verifier.verify(received(parts));
    expect(result.ok ? 'ok' : result.error.code).toBe('malformed_field');
  });
});
