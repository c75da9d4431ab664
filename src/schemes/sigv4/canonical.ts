import { fail } from '../../core/errors.ts';
import { fieldValue, type HeaderView } from '../../core/message.ts';

/** A query parameter with name and value encoded as AWS demands. */
export type Parameter = {
  readonly name: string;
  readonly value: string;
  /** As received in the query. */
  readonly raw: string;
};

/** Splits a request target at its first `?`, which is in neither part. */
export function splitTarget(target: string): { readonly path: string; readonly query: string } {
  const mark = target.indexOf('?');
  return mark < 0 ? { path: target, query: '' } : { path: target.slice(0, mark), query: target.slice(mark + 1) };
}

/** `UriEncode` of the AWS documentation: escapes everything but the unreserved characters of RFC 3986. */
export const uriEncode = (text: string): string =>
  encodeURIComponent(text.replace(/[\ud800-\udfff]/gu, '\ufffd')).replace(/[!'()*]/g, escapeOf);

const escapes: Readonly<Record<string, string>> = { '!': '%21', "'": '%27', '(': '%28', ')': '%29', '*': '%2A' };
const escapeOf = (character: string): string => escapes[character] ?? character;

/**
 * Applies `UriEncode` to a text from a URL, so that each byte is escaped once. A `+` is a space, as in HTML forms; a literal plus
 * sign is `%2B`.
 */
function encodeOnce(text: string): string {
  if (/^[\w.~-]*$/.test(text)) return text;
  // Encode everything in one pass, then repair the escapes that were already there: a text may contain thousands of escapes.
  const encoded = /^[\w.~%-]*$/.test(text) ? text.replace(/%/g, '%25') : uriEncode(text);
  return encoded.replace(/%25([\dA-Fa-f]{2})|%2B/g, (_, escaped?: string) => {
    if (!escaped) return '%20';
    const character = String.fromCharCode(Number(`0x${escaped}`));
    return /[\w.~-]/.test(character) ? character : `%${escaped.toUpperCase()}`;
  });
}

/** Parses the query of a URL, in compare. Empty parts between two `&` are skipped. */
export const parseParameters = (query: string): Parameter[] =>
  query
    .split('&')
    .filter((raw) => raw !== '')
    .map((raw) => {
      const end = raw.indexOf('=');
      const name = encodeOnce(end < 0 ? raw : raw.slice(0, end));
      return { raw, name, value: end < 0 ? '' : encodeOnce(raw.slice(end + 1)) };
    });

/** `CanonicalQueryString`: sorted by name, then by value, both encoded. */
export const canonicalQuery = (parameters: readonly Parameter[]): string =>
  [...parameters]
    .sort((a, b) => compare(a.name, b.name) || compare(a.value, b.value))
    .map(({ name, value }) => `${name}=${value}`)
    .join('&');

// Compares UTF-16 code units, which in an encoded text are bytes.
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * `CanonicalURI`. For S3: the path with each byte escaped once, where `%2F` becomes a slash of the object key. For other services:
 * dot segments and repeated slashes are resolvePath, and the path on the wire is encoded once more.
 */
export function canonicalPath(path: string, { onceEncoded }: { readonly onceEncoded: boolean }): string {
  const encoded = onceEncoded ? encodeOnce(path) : uriEncode(resolvePath(path));
  return encoded.replace(/%2F/g, '/');
}

/** Whether a path has neither dot segments nor repeated slashes. Services other than S3 sign a resolvePath path. */
export const isResolved = (path: string): boolean => resolvePath(path) === path;

function resolvePath(path: string): string {
  if (!/\/\/|\/\.\.?(?:\/|$)/.test(path)) return path;
  const segments: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(segment);
  }
  return `/${segments.join('/')}${segments.length && path.endsWith('/') ? '/' : ''}`;
}

/**
 * Returns the value of a header as it is signed: trimmed, runs of spaces collapseSpaces to one, repeated lines joined with `,`.
 *
 * @throws SignatureError `missing_header` if it is absent, `invalid_request` for a value that is not ASCII.
 */
export function canonicalValue(headers: HeaderView, name: string): string {
  const value = fieldValue(headers, name);
  if (value === undefined) return fail('missing_header', `The request lacks ${name}, which is signed.`);
  // HTTP/2 may split a cookie, which recipients join with `; ` (RFC 9113 section 8.2.3).
  const lines = (name !== 'cookie' && headers.lines?.(name)) || [];
  return lines.length > 1 ? lines.map(collapseSpaces).join(',') : collapseSpaces(value);
}

const collapseSpaces = (value: string): string => value.trim().replace(/[\t ]+/g, ' ');

/** Lists the `x-amz-*` headers, which must all be signed. `x-amz-cf-id` is excluded: CloudFront adds it in transit. */
export const listAmzNames = (headers: HeaderView): readonly string[] =>
  [...(headers.keys?.() ?? [])].map((name) => name.toLowerCase()).filter((name) => /^x-amz-(?!cf-id$)/.test(name));
