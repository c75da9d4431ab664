import { base64, utf8 } from '../../core/encoding.ts';
import { fail } from '../../core/errors.ts';
import type { PreparedSignature, SignatureInput } from '../../core/scheme.ts';
import type { SigningKey } from '../../core/signing-key.ts';

/** What a message is signed as, beside its body. */
export type MessageHead = {
  /** The same for every attempt to deliver the message. */
  readonly id: string;
  /** When the attempt was made, in decimal seconds. */
  readonly timestamp: string;
};

// Visible ASCII. The dot would let an id run over into the timestamp; a comma is how repeated headers are joined.
export const idPattern: RegExp = /^[!-+\-/-~]{1,255}$/;
// One spelling for each time, or one attempt could be received under several.
export const timestampPattern: RegExp = /^(?:0|[1-9]\d{0,11})$/;

/** What a signature is over: id, timestamp and the bytes of the body, which are never taken for text. */
export function toSignedContent({ id, timestamp }: MessageHead, body: Uint8Array | undefined): Uint8Array {
  const head = utf8(`${id}.${timestamp}.`);
  if (!body?.length) return head;
  const content = new Uint8Array(head.length + body.length);
  content.set(head);
  content.set(body, head.length);
  return content;
}

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
  const content = toSignedContent({ id, timestamp }, body.kind === 'bytes' ? body.bytes : undefined);
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
