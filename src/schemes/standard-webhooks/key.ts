import type { Secret } from '../../core/credentials.ts';
import { base64, decodeBase64 } from '../../core/encoding.ts';
import { fail } from '../../core/errors.ts';
import { type Hmac, hmacSha256, platformSigningKey, type SigningKey } from '../../core/signing-key.ts';

/**
 * Generates a secret for {@link standardWebhooks}: `whsec_` and the base64 of 256 random bits. Generate one for each endpoint,
 * because only the secret identifies the recipient of a message.
 *
 * @example
 * import { generateWebhookSecret } from 'countersign/schemes';
 *
 * console.log(generateWebhookSecret().slice(0, 6)); // → whsec_
 */
export const generateWebhookSecret = (): string => `whsec_${base64(crypto.getRandomValues(new Uint8Array(32)))}`;

/**
 * Creates the key of a Standard Webhooks secret. The key of a text is decoded from the base64 after `whsec_`; bytes are the key
 * itself. An Ed25519 CryptoKey signs and verifies signatures `v1a`.
 *
 * @throws SignatureError `invalid_credentials` for other texts, for less than 24 or more than 64 bytes, and for a CryptoKey of
 * another algorithm.
 */
export function webhookKey(secret: Secret, hmac: Hmac = hmacSha256): SigningKey {
  if (typeof secret !== 'string' && !ArrayBuffer.isView(secret)) {
    return secret.algorithm.name === 'Ed25519' ? platformSigningKey(secret, 'ed25519') : hmac(secret);
  }
  const bytes = typeof secret === 'string' ? decodeSecret(secret) : secret;
  if (!(bytes.length >= 24 && bytes.length <= 64)) {
    fail('invalid_credentials', `The webhook secret has ${bytes.length} bytes: it must have 24 to 64.`);
  }
  return hmac(bytes);
}

function decodeSecret(secret: string): Uint8Array {
  const text = secret.replace(/^whsec_/, '');
  if (!/^(?:[A-Za-z\d+/]{4})*(?:[A-Za-z\d+/]{2}==|[A-Za-z\d+/]{3}=)?$/.test(text)) {
    fail('invalid_credentials', 'A webhook secret must be base64, with or without the prefix whsec_.');
  }
  return decodeBase64(text);
}
