import { fail } from './errors.ts';

/** Where a request goes, split for signing. */
export type Address = {
  readonly scheme: 'http' | 'https';
  /** Host in lower case, with `:port` unless it is the URL scheme's default. */
  readonly authority: string;
  /** Path and query as they go on the wire, normalised by {@link normaliseTarget}. */
  readonly target: string;
  /** Path and query as they go on the wire. */
  readonly rawTarget: string;
};

// What the URL parser would leave as it is: host names that are neither numbers nor internationalised, no port, and
// segments that begin neither with a dot nor an escape.
const plain =
  /^https?:\/\/(?:[a-z\d]+(?:-[a-z\d]+)*\.)+[a-z]+(?:\/(?![.%])[\w!$%&()*+,.:;=@~-]+)*\/?(?:\?[\w!$%&()*+,./:;=?@~-]*)?$/;

/** A URL as the URL Standard serialises it. */
export const toHref = (url: string | URL): string =>
  typeof url === 'string' && plain.test(url) ? url : new URL(url).href;

/**
 * Splits an absolute URL as the URL Standard serialises it (`Request.url`, `URL.href`).
 *
 * @throws SignatureError `invalid_request` for anything but http and https, or with a user name in it.
 */
export function parseAddress(href: string): Address {
  const [, scheme, authority, target] = /^(https?):\/\/([^/?#@]+)(?![^/?#])([^#]*)/.exec(href) ?? [];
  if (authority === undefined || target === undefined) {
    fail('invalid_request', 'The URL must be absolute, http or https, without user name.');
  }
  const rawTarget = target.startsWith('/') ? target : `/${target}`;
  return { scheme: scheme as Address['scheme'], authority, target: normaliseTarget(rawTarget), rawTarget };
}

// The characters of RFC 3986 section 2 but "#", which ends the target.
const rewritten = /%([\da-f]{2})|(?:%(?![\da-f]{2})|[^!$%&-;=?-Z[\]_a-z~])+/gi;
// What is rewritten into something else; in most targets nothing is, and a test costs a fifth of the replacing.
const unusual = /%(?![\dA-F]{2})|%(?:2[DE]|3\d|[46][1-9A-F]|[57][\dA]|5F|7E)|[^!$%&-;=?-Z[\]_a-z~]/;

/**
 * Path and query under the equivalence of RFC 3986 section 6.2.2, and nothing more: a character that no URI
 * may hold becomes its UTF-8 escape, as does a `%` that begins none; an escaped unreserved character is decoded, other
 * escapes get upper-case hex, an empty path is `/` and an empty query has no `?`. Order, `+`, `%20`, `%2F`, dot segments
 * and `//` stay. What is normal stays as it is: were `%` left alone in `/%%411`, it would read like `/%A1`.
 * Both sides do it, because some clients do it on the way (WebKitGTK sends `~` for `%7E`).
 */
export function normaliseTarget(raw: string): string {
  const target = raw.startsWith('/') ? raw : `/${raw}`;
  const withoutQuery = target.indexOf('?') === target.length - 1;
  const kept = withoutQuery ? target.slice(0, -1) : target;
  return unusual.test(kept) ? kept.replace(/[\ud800-\udfff]/gu, '\ufffd').replace(rewritten, rewrite) : kept;
}

function rewrite(found: string, escaped?: string): string {
  if (!escaped) return encodeURIComponent(found);
  const character = String.fromCharCode(Number(`0x${escaped}`));
  return /[\w.~-]/.test(character) ? character : found.toUpperCase();
}
