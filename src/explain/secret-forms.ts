import { sha256OfBodySync } from '../core/digest.ts';
import { base64, base64url, decodeBase64, decodeHex, decodeUtf8, hex, utf8 } from '../core/encoding.ts';
import type { DifferenceCode } from './difference.ts';
import { utf16 } from './spelling.ts';

/** A secret as it may have been used by mistake. */
export type SecretForm = { readonly code: DifferenceCode; readonly says: string; readonly secret: string | Uint8Array };

/** What programs make of a secret before they sign with it. */
export const secretForms = (secret: string | Uint8Array): readonly SecretForm[] =>
  typeof secret === 'string' ? [...surrounded(secret), ...encoded(secret)] : written(secret);

function surrounded(secret: string): readonly SecretForm[] {
  return [
    { says: 'with a line break (LF) at its end', secret: `${secret}\n` },
    { says: 'with CR and LF at its end', secret: `${secret}\r\n` },
    { says: 'with a CR at its end', secret: `${secret}\r` },
    { says: 'with a space at its end', secret: `${secret} ` },
    { says: 'with a space before it', secret: ` ${secret}` },
    { says: 'with a byte order mark before it', secret: `\ufeff${secret}` },
    { says: 'with double quotes around it', secret: `"${secret}"` },
    { says: 'with single quotes around it', secret: `'${secret}'` },
    { says: 'without the white space around it', secret: secret.trim() },
  ].map((form) => ({ code: 'secret-whitespace', ...form }));
}

function encoded(secret: string): readonly SecretForm[] {
  const last = secret.replace(/^.*_/s, '');
  const forms: ReadonlyArray<{ readonly says: string; readonly secret: string | Uint8Array | undefined }> = [
    { says: 'as the bytes that it is the hex of', secret: ofHex(secret) },
    { says: 'as the bytes that it is the base64 of', secret: ofBase64(secret) },
    { says: 'as the bytes that its last part is the hex of', secret: ofHex(last) },
    { says: 'as the bytes that its last part is the base64 of', secret: ofBase64(last) },
    { says: 'as the bytes of its text, where it stands for others', secret: utf8(secret) },
    { says: 'without its prefix', secret: last },
    { says: 'in base64', secret: base64(utf8(secret)) },
    { says: 'in base64url', secret: base64url(utf8(secret)) },
    { says: 'in hex', secret: hex(utf8(secret)) },
    { says: 'as its SHA-256', secret: sha256OfBodySync(utf8(secret)) },
    { says: 'as the hex of its SHA-256', secret: hex(sha256OfBodySync(utf8(secret))) },
    { says: 'in upper case', secret: secret.toUpperCase() },
    { says: 'in lower case', secret: secret.toLowerCase() },
    { says: 'in UTF-16', secret: utf16(secret) },
    { says: 'percent-encoded', secret: encodeURIComponent(secret.replace(/[\ud800-\udfff]/gu, '\ufffd')) },
    { says: 'with spaces for its plus signs', secret: secret.replace(/\+/g, ' ') },
  ];
  return forms.flatMap(({ says, secret: form }) =>
    form === undefined ? [] : [{ code: 'secret-encoding', says, secret: form }],
  );
}

/** Of bytes, which some settings hold as text. */
function written(secret: Uint8Array): readonly SecretForm[] {
  return [
    { says: 'as the text of its hex', secret: hex(secret) },
    { says: 'as the text of its hex in upper case', secret: hex(secret).toUpperCase() },
    { says: 'as the text of its base64', secret: base64(secret) },
    { says: 'as the text of its base64url', secret: base64url(secret) },
    { says: 'as the UTF-8 of its characters', secret: decodeUtf8(secret) },
  ].map((form) => ({ code: 'secret-encoding', ...form }));
}

const ofHex = (text: string): Uint8Array | undefined =>
  /^(?:[\da-f]{2})+$/i.test(text) ? decodeHex(text.toLowerCase()) : undefined;

const ofBase64 = (text: string): Uint8Array | undefined =>
  /^[\w+/-]{2,}={0,2}$/.test(text) && text.replace(/=/g, '').length % 4 !== 1 ? decodeBase64(text) : undefined;
