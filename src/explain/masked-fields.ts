import { base64, base64url, hex } from '../core/encoding.ts';
import type { HeaderView } from '../core/message.ts';

/** A header with secrets masked. */
export type ShownField = { readonly name: string; readonly value: string };

/** Returns the received headers without signatures and tokens, with which a reader could send the request. */
export const maskFields = (
  headers: HeaderView,
  names: readonly string[],
  signatures: readonly Uint8Array[] | undefined,
): readonly ShownField[] =>
  names.flatMap((name) => {
    const value = headers.get(name);
    return value === null ? [] : [{ name, value: maskValue(name, value, signatures) }];
  });

/** Returns the value of a header with secrets masked. */
export function maskValue(name: string, value: string, signatures: readonly Uint8Array[] = []): string {
  if (/token|cookie|secret|password/.test(name)) return `(${value.length} characters)`;
  const without = maskSignatures(value, signatures);
  // The field may contain signatures with other labels or by other keys, or signatures that could not be parsed.
  if (!/signature$|^authorization$|^authentication$/.test(name) || without !== value) {
    return name === 'signature' ? without.replace(/:[A-Za-z\d+/=]{16,}:/g, ':…:') : without;
  }
  return /^authori[sz]ation$/.test(name) && /^\w+$/.test(value.split(' ', 1)[0] ?? '')
    ? `${value.split(' ', 1)[0]} (${value.length} characters)`
    : `(${value.length} characters)`;
}

/** Returns path and query with secrets masked. */
export function maskTarget(target: string, signatures: readonly Uint8Array[] = []): string {
  const text = maskSignatures(target, signatures);
  const query = text.indexOf('?') + 1;
  return query ? text.slice(0, query) + text.slice(query).split('&').map(maskParameter).join('&') : text;
}

function maskParameter(parameter: string): string {
  const value = parameter.indexOf('=') + 1;
  const isSecret = /(?<!\bc)sign(?!edheaders)|token|secret|password/i.test(parameter.slice(0, value));
  return isSecret && value < parameter.length ? `${parameter.slice(0, value)}…` : parameter;
}

function maskSignatures(text: string, signatures: readonly Uint8Array[]): string {
  const written = signatures.flatMap((bytes) => [
    hex(bytes),
    hex(bytes).toUpperCase(),
    base64(bytes),
    encodeURIComponent(base64(bytes)),
    base64url(bytes),
  ]);
  return written.reduce((shown, signature) => shown.replaceAll(signature, '…'), text);
}
