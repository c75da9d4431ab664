import type { HeaderView, Message } from './message.ts';

/**
 * Request fields that change what is asked for or what the bytes mean: content codings (RFC 9110 section 8.4), conditions
 * (section 13), ranges (section 14), and the key of draft-ietf-httpapi-idempotency-key-header, by which a server carries out a
 * request or returns the response to an earlier one. Sorted.
 */
export const requestModifiers: readonly string[] = [
  'content-encoding',
  'content-range',
  'idempotency-key',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'range',
];

/** Response fields that change the meaning of a response: which part of the content it has, and where it redirects to. Sorted. */
export const responseModifiers: readonly string[] = ['content-range', 'location'];

/** Returns the names of the fields that are present. */
export const presentIn = (headers: HeaderView, names: readonly string[]): readonly string[] =>
  names.filter((name) => headers.get(name) !== null);

/**
 * Whether a request may have this modifier without signing it. Browser caches add these two to a signed request in order to
 * revalidate a stored response (Fetch Standard, "HTTP-network-or-cache fetch").
 */
export const mayBeUnsigned = ({ method }: Pick<Message, 'method'>, name: string): boolean =>
  /^if-(?:none-match|modified-since)$/.test(name) && /^(?:GET|HEAD)$/.test(method);
