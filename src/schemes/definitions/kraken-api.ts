import type { SchemeDefinition } from '../define/definition.ts';

/**
 * The spot REST API of Kraken: docs.kraken.com/api/docs/guides/spot-rest-auth. The secret is the private key, in base64. The body is
 * a form with `nonce=` as its first parameter, a number that grows with each request: you put it there.
 */
export const krakenApi: SchemeDefinition = {
  name: 'kraken-api',
  algorithm: 'hmac-sha512',
  signature: 'base64',
  secret: 'base64',
  // Kraken hashes nonce and form without a separator, and signs the bytes of the hash.
  values: { content: '{body|after:nonce=|before:&}{body}' },
  stringToSign: '{path}{value.content|sha256}',
  headers: { 'API-Key': '{accessKey}', 'API-Sign': '{signature}' },
};
