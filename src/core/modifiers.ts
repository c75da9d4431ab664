import type { HeaderView, Message } from './message.ts';

/**
 * Fields of a request that change what it asks for, or what its bytes mean: content codings (RFC 9110 section 8.4), conditions
 * (section 13) and ranges (section 14). Sorted.
 */
export const requestModifiers: readonly string[] = [
  'content-encoding',
  'content-range',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'range',
];

/** Fields of a response that change what it says: which part its body is, and where it leads. Sorted. */
export const responseModifiers: readonly string[] = ['content-range', 'location'];

/** Those of the fields that a message has. */
export const presentIn = (headers: HeaderView, names: readonly string[]): readonly string[] =>
  names.filter((name) => headers.get(name) !== null);

/**
 * Whether a request may have a modifier that its signature does not cover. Caches of browsers add these two to a request after it
 * is signed, to ask whether what they hold is still valid (Fetch Standard, "HTTP-network-or-cache fetch").
 */
export const mayBeUnsigned = ({ method }: Pick<Message, 'method'>, name: string): boolean =>
  /^if-(?:none-match|modified-since)$/.test(name) && /^(?:GET|HEAD)$/.test(method);
