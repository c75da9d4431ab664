import { base64 } from '../core/encoding.ts';
import { fail } from '../core/errors.ts';
import type { PreparedSignature, SignatureInput } from '../core/scheme.ts';
import type { SigningKey } from '../core/signing-key.ts';
import { contentOf, idPattern, timestampPattern } from './standard-webhooks-content.ts';

/** How messages are signed beside the caller's own key. */
export type WebhookSignature = {
  /** What the names of the headers begin with. */
  readonly prefix: string;
  /** Further keys made from bytes. */
  readonly also: readonly SigningKey[];
};

/**
 * The sender's half of Standard Webhooks. An id that the request already has is kept, because every attempt to deliver one
 * message has the same; else the nonce is the id.
 *
 * @throws SignatureError `invalid_request`, `invalid_configuration`
 */
export function prepareStandardWebhook(
  { message, time, nonce, body }: SignatureInput,
  { prefix, also }: WebhookSignature,
): PreparedSignature {
  const given = message.headers.get(`${prefix}-id`);
  const id = given ?? nonce;
  const timestamp = `${Math.floor(time / 1000)}`;
  if (!idPattern.test(id)) {
    const expected = '1 to 255 visible ASCII characters other than dot and comma';
    if (given === null) fail('invalid_configuration', `The nonce becomes the message's id: it must be ${expected}.`);
    fail('invalid_request', `The header ${prefix}-id must be ${expected}.`);
  }
  if (!timestampPattern.test(timestamp)) fail('invalid_configuration', 'clock must return milliseconds since 1970.');
  if (body.kind !== 'none' && body.kind !== 'bytes') {
    fail('invalid_request', 'A webhook is signed with its body: it cannot be left out.');
  }
  const content = contentOf({ id, timestamp }, body.kind === 'bytes' ? body.bytes : undefined);
  return {
    stringToSign: content,
    headers: (signature) => ({
      [`${prefix}-id`]: id,
      [`${prefix}-timestamp`]: timestamp,
      // Keys made from bytes answer at once.
      [`${prefix}-signature`]: [signature, ...also.map((key) => key.sign(content) as Uint8Array)]
        .map(entryOf)
        .join(' '),
    }),
  };
}

// An HMAC-SHA256 has 32 bytes, an Ed25519 signature 64.
const entryOf = (signature: Uint8Array): string => `${signature.length === 32 ? 'v1' : 'v1a'},${base64(signature)}`;
