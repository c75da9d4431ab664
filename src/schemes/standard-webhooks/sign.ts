import { base64, utf8 } from '../../core/encoding.ts';
import { fail } from '../../core/errors.ts';
import type { PreparedSignature, SignatureInput } from '../../core/scheme.ts';
import type { SigningKey } from '../../core/signing-key.ts';

/** The signed part of a message beside its body. */
export type MessageHead = {
  /** The same for every attempt to deliver the message. */
  readonly id: string;
  /** When the attempt was made, in seconds since the epoch, decimal. */
  readonly timestamp: string;
};

// Visible ASCII. With a dot an id could extend into the timestamp; a comma joins repeated headers.
export const idPattern: RegExp = /^[!-+\-/-~]{1,255}$/;
// Each time has one spelling: otherwise one attempt could be accepted once per spelling.
export const timestampPattern: RegExp = /^(?:0|[1-9]\d{0,11})$/;

/** Builds the signed content: id, timestamp and the bytes of the body, which are never decoded as text. */
export function toSignedContent({ id, timestamp }: MessageHead, body: Uint8Array | undefined): Uint8Array {
  const head = utf8(`${id}.${timestamp}.`);
  if (!body?.length) return head;
  const content = new Uint8Array(head.length + body.length);
  content.set(head);
  content.set(body, head.length);
  return content;
}

/** The settings of a signature beside the key of the caller. */
export type WebhookSignature = {
  /** The prefix of the header names. */
  readonly prefix: string;
  /** Additional keys, made from bytes. */
  readonly also: readonly SigningKey[];
};

/**
 * Signs a message of Standard Webhooks. An existing id header is kept, because every attempt to deliver a message has the same id;
 * otherwise the nonce becomes the id.
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
    fail('invalid_request', 'A webhook cannot leave its body unsigned.');
  }
  const content = toSignedContent({ id, timestamp }, body.kind === 'bytes' ? body.bytes : undefined);
  return {
    stringToSign: content,
    headers: (signature) => ({
      [`${prefix}-id`]: id,
      [`${prefix}-timestamp`]: timestamp,
      // Keys made from bytes sign synchronously.
      [`${prefix}-signature`]: [signature, ...also.map((key) => key.sign(content) as Uint8Array)]
        .map(formatEntry)
        .join(' '),
    }),
  };
}

// An HMAC-SHA256 has 32 bytes, an Ed25519 signature 64.
const formatEntry = (signature: Uint8Array): string => `${signature.length === 32 ? 'v1' : 'v1a'},${base64(signature)}`;
