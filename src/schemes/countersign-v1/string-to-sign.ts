import { fail } from '../../core/errors.ts';
import { fieldNamePattern } from '../../core/field-names.ts';
import { fieldValue, type Message } from '../../core/message.ts';

/** The lines of a string to sign that do not come from the message itself. */
export type Lines = {
  readonly accessKey: string;
  /** Seconds since the epoch, decimal. */
  readonly timestamp: string;
  readonly nonce: string;
  /** A Content-Digest value, `unsigned`, or empty. */
  readonly payload: string;
  readonly signedHeaders: readonly string[];
};

/**
 * Builds the string to sign of `countersign-v1`. Its first line names version and direction, so that a signature made for one
 * purpose is never valid for another. No line is ever omitted, so that no value can be read as another.
 *
 * @throws SignatureError `missing_header`, `invalid_request`
 */
export function stringToSign(
  { method, authority, target, headers }: Message,
  { accessKey, timestamp, nonce, payload, signedHeaders }: Lines,
): string {
  const type = fieldValue(headers, 'content-type') ?? '';
  let text = `countersign-v1-request\n${accessKey}\n${timestamp}\n${nonce}\n${method}\n${authority}\n${target}\n${type}\n${payload}`;
  for (const name of signedHeaders) {
    const value =
      fieldValue(headers, name) ??
      fail('missing_header', `The request lacks ${name}, which is signed. Browsers drop some headers.`);
    text += `\n${name}:${value}`;
  }
  return text;
}

export const digestPattern: RegExp = /^sha-256=:[A-Za-z\d+/]{43}=:$/;
export const timestampPattern: RegExp = /^\d{1,12}$/;
export const noncePattern: RegExp = /^[\w-]{16,128}$/;

// Headers that the scheme covers already, headers of the connection, and Set-Cookie, which is not one line (RFC 6265 section 3).
const excluded =
  /^(x-api-.*|content-(type|digest|length)|host|connection|transfer-encoding|te|trailer|upgrade|keep-alive|accept-encoding|set-cookie)$/;

/** Whether a header can be signed additionally: a token in lower case (RFC 9110 section 5.6.2) that is not excluded. */
export const isSignable = (name: string): boolean => fieldNamePattern.test(name) && !excluded.test(name);
