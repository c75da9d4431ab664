import { sha256OfBodySync } from '../core/digest.ts';
import { base64, base64url, decodeBase64, decodeHex, decodeUtf8, hex, utf8 } from '../core/encoding.ts';
import type { DifferenceCode } from './difference.ts';
import { utf16 } from './spelling.ts';

/** A form of a secret that may have been used by mistake. */
export type SecretForm = {
  readonly code: DifferenceCode;
  readonly label: string;
  readonly secret: string | Uint8Array;
};

/** Lists the forms in which programs use a secret by mistake. */
export const secretForms = (secret: string | Uint8Array): readonly SecretForm[] =>
  typeof secret === 'string' ? [...listSurrounded(secret), ...listEncoded(secret)] : listWritten(secret);

function listSurrounded(secret: string): readonly SecretForm[] {
  return [
    { label: 'with a final line break (LF)', secret: `${secret}\n` },
    { label: 'with a final CRLF', secret: `${secret}\r\n` },
    { label: 'with a final CR', secret: `${secret}\r` },
    { label: 'with a trailing space', secret: `${secret} ` },
    { label: 'with a leading space', secret: ` ${secret}` },
    { label: 'with a leading byte order mark', secret: `\ufeff${secret}` },
    { label: 'with double quotes around it', secret: `"${secret}"` },
    { label: 'with single quotes around it', secret: `'${secret}'` },
    { label: 'without leading and trailing white space', secret: secret.trim() },
  ].map((form) => ({ code: 'secret-whitespace', ...form }));
}

function listEncoded(secret: string): readonly SecretForm[] {
  const last = secret.replace(/^.*_/s, '');
  const forms: ReadonlyArray<{ readonly label: string; readonly secret: string | Uint8Array | undefined }> = [
    { label: 'decoded from hex', secret: tryDecodeHex(secret) },
    { label: 'decoded from base64', secret: tryDecodeBase64(secret) },
    { label: 'with its last part decoded from hex', secret: tryDecodeHex(last) },
    { label: 'with its last part decoded from base64', secret: tryDecodeBase64(last) },
    { label: 'as text, without decoding it', secret: utf8(secret) },
    { label: 'without its prefix', secret: last },
    ...listUnchecked(secret),
    { label: 'in base64', secret: base64(utf8(secret)) },
    { label: 'in base64url', secret: base64url(utf8(secret)) },
    { label: 'in hex', secret: hex(utf8(secret)) },
    { label: 'as its SHA-256', secret: sha256OfBodySync(utf8(secret)) },
    { label: 'as the hex of its SHA-256', secret: hex(sha256OfBodySync(utf8(secret))) },
    { label: 'in upper case', secret: secret.toUpperCase() },
    { label: 'in lower case', secret: secret.toLowerCase() },
    { label: 'in UTF-16', secret: utf16(secret) },
    { label: 'percent-encoded', secret: encodeURIComponent(secret.replace(/[\ud800-\udfff]/gu, '\ufffd')) },
    { label: 'with spaces instead of plus signs', secret: secret.replace(/\+/g, ' ') },
  ];
  return forms.flatMap(({ label, secret: form }) =>
    form === undefined ? [] : [{ code: 'secret-encoding', label, secret: form }],
  );
}

/** Generated secrets end in a checksum of 8 digits, which is a part of them. Programs that read about it take it off. */
function listUnchecked(
  secret: string,
): ReadonlyArray<{ readonly label: string; readonly secret: string | Uint8Array }> {
  const [, digits] = /^csign_sk_[a-z\d]+_([\da-f]{64})[\da-f]{8}$/.exec(secret) ?? [];
  if (digits === undefined) return [];
  return [
    { label: 'without its prefix and its checksum, decoded from hex', secret: decodeHex(digits) },
    { label: 'without its prefix and its checksum', secret: digits },
    { label: 'without its checksum', secret: secret.slice(0, -8) },
  ];
}

/** Lists the text forms of a secret that consists of bytes. */
function listWritten(secret: Uint8Array): readonly SecretForm[] {
  return [
    { label: 'as hex text', secret: hex(secret) },
    { label: 'as hex text in upper case', secret: hex(secret).toUpperCase() },
    { label: 'as base64 text', secret: base64(secret) },
    { label: 'as base64url text', secret: base64url(secret) },
    { label: 'decoded as UTF-8 and encoded again', secret: decodeUtf8(secret) },
  ].map((form) => ({ code: 'secret-encoding', ...form }));
}

const tryDecodeHex = (text: string): Uint8Array | undefined =>
  /^(?:[\da-f]{2})+$/i.test(text) ? decodeHex(text.toLowerCase()) : undefined;

const tryDecodeBase64 = (text: string): Uint8Array | undefined =>
  /^[\w+/-]{2,}={0,2}$/.test(text) && text.replace(/=/g, '').length % 4 !== 1 ? decodeBase64(text) : undefined;
