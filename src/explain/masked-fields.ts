import { base64, base64url, hex } from '../core/encoding.ts';
import type { HeaderView } from '../core/message.ts';

/** A header, as it may be printed. */
export type ShownField = { readonly name: string; readonly value: string };

/** Headers as they were received, without signatures and tokens: whoever reads along could send the request. */
export const shownFields = (
  headers: HeaderView,
  names: readonly string[],
  signatures: readonly Uint8Array[] | undefined,
): readonly ShownField[] =>
  names.flatMap((name) => {
    const value = headers.get(name);
    return value === null ? [] : [{ name, value: shownValue(name, value, signatures) }];
  });

/** The value of a header, as it may be printed. */
export function shownValue(name: string, value: string, signatures: readonly Uint8Array[] = []): string {
  if (/token|cookie|secret|password/.test(name)) return `(${value.length} characters)`;
  const without = withoutSignatures(value, signatures);
  // Of other labels, by other keys, or too badly written to be read.
  if (!/signature$|^authorization$|^authentication$/.test(name) || without !== value) {
    return name === 'signature' ? without.replace(/:[A-Za-z\d+/=]{16,}:/g, ':…:') : without;
  }
  return /^authori[sz]ation$/.test(name) && /^\w+$/.test(value.split(' ', 1)[0] ?? '')
    ? `${value.split(' ', 1)[0]} (${value.length} characters)`
    : `(${value.length} characters)`;
}

/** Path and query, as they may be printed. */
export function shownTarget(target: string, signatures: readonly Uint8Array[] = []): string {
  const text = withoutSignatures(target, signatures);
  const query = text.indexOf('?') + 1;
  return query ? text.slice(0, query) + text.slice(query).split('&').map(shownParameter).join('&') : text;
}

function shownParameter(parameter: string): string {
  const value = parameter.indexOf('=') + 1;
  const isSecret = /sign(?!edheaders)|token|secret|password/i.test(parameter.slice(0, value));
  return isSecret && value < parameter.length ? `${parameter.slice(0, value)}…` : parameter;
}

function withoutSignatures(text: string, signatures: readonly Uint8Array[]): string {
  const written = signatures.flatMap((bytes) => [
    hex(bytes),
    hex(bytes).toUpperCase(),
    base64(bytes),
    encodeURIComponent(base64(bytes)),
    base64url(bytes),
  ]);
  return written.reduce((shown, signature) => shown.replaceAll(signature, '…'), text);
}
