import { normaliseTarget } from '../address.ts';

/** True for a method in upper case (RFC 9110 section 5.6.2), of at most 64 characters. */
export const isMethod = (text: string): boolean => /^[A-Z\d!#$%&'*+.^_`|~-]{1,64}$/.test(text);

/**
 * True for a serialised origin (RFC 6454 section 6.2) of a page, or of an app with a scheme of its own. `null`, the opaque origin,
 * is none: a page of anyone can have it.
 */
export const isOrigin = (text: string): boolean =>
  /^[a-z][a-z\d+.-]*:\/\/[a-z\d._[\]:-]+$/.test(text) &&
  (!/^https?:/.test(text) || (URL.canParse(text) && new URL(text).origin === text));

/**
 * What hides the segments of a path from some readers: an escaped slash, backslash, dot, semicolon, control or blank, `%u` of old
 * decoders, overlong UTF-8 (RFC 3629 section 3), and anything that is escaped twice. A digit can be escaped as well, so `%25` is sound
 * only where neither a hex digit, `u` nor another escape follows.
 */
const hidden = /%(?:2e|2f|5c|3b|[01][\da-f]|20|7f|c[01]|e0%[89]|f0%8|u|25(?:[\da-fu]|%))/i;

/** The first escape of a path that hides its segments from some readers. */
export const hiddenEscape = (path: string): string | undefined => hidden.exec(path)?.[0];

/**
 * True for a path that all routers divide into the same segments: it begins with `/` and has neither empty segments nor dot segments
 * (also with parameters, such as `..;a`), no backslash, and no escape that some decode to another path.
 *
 * @param path the path as on the wire, without the query.
 */
export const isPlainPath = (path: string): boolean =>
  path.startsWith('/') &&
  !path.includes('//') &&
  !path.includes('\\') &&
  !hidden.test(path) &&
  path.split('/').every((segment) => !/^\.{1,2}(?:;|$)/.test(segment));

/** True for a path prefix in its only spelling: a plain, normalised path without query, and without `/` at the end unless it is `/`. */
export const isPathPrefix = (text: string): boolean =>
  isPlainPath(text) && !/[?#]/.test(text) && !/.\/$/.test(text) && normaliseTarget(text) === text;

/** True if a path is one of the prefixes, or lies below one: `/v1/a` covers `/v1/a` and `/v1/a/b`, not `/v1/ab`. */
export const isBelow = (path: string, prefixes: readonly string[]): boolean =>
  prefixes.some((prefix) => path === prefix || path.startsWith(prefix === '/' ? prefix : `${prefix}/`));
