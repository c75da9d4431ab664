import { fail } from '../../core/errors.ts';
import { fieldValue, type HeaderView } from '../../core/message.ts';

/** A name and a value of a query, both encoded as AWS asks for it. */
export type Parameter = {
  readonly name: string;
  readonly value: string;
  /** As it stood in the query. */
  readonly raw: string;
};

/** Path and query of a request target, without the `?` between them. */
export function splitTarget(target: string): { readonly path: string; readonly query: string } {
  const mark = target.indexOf('?');
  return mark < 0 ? { path: target, query: '' } : { path: target.slice(0, mark), query: target.slice(mark + 1) };
}

/** Everything but the unreserved characters of RFC 3986 becomes an escape: `UriEncode` of the AWS documentation. */
export const uriEncode = (text: string): string =>
  encodeURIComponent(text.replace(/[\ud800-\udfff]/gu, '\ufffd')).replace(/[!'()*]/g, escapeOf);

const escapes: Readonly<Record<string, string>> = { '!': '%21', "'": '%27', '(': '%28', ')': '%29', '*': '%2A' };
const escapeOf = (character: string): string => escapes[character] ?? character;

/**
 * What `UriEncode` makes of a text that stands in a URL already: each byte is escaped once. A `+` is the space that HTML
 * forms write so; one that is meant is `%2B`.
 */
function encodedOnce(text: string): string {
  if (/^[\w.~-]*$/.test(text)) return text;
  // Encoded as a whole, and then each escape that was there already set right: a text may need thousands of escapes.
  const encoded = /^[\w.~%-]*$/.test(text) ? text.replace(/%/g, '%25') : uriEncode(text);
  return encoded.replace(/%25([\dA-Fa-f]{2})|%2B/g, (_, escaped?: string) => {
    if (!escaped) return '%20';
    const character = String.fromCharCode(Number(`0x${escaped}`));
    return /[\w.~-]/.test(character) ? character : `%${escaped.toUpperCase()}`;
  });
}

/** The parameters of a query as it stands in a URL, in its order; what is empty between two `&` is none. */
export const parseParameters = (query: string): Parameter[] =>
  query
    .split('&')
    .filter((raw) => raw !== '')
    .map((raw) => {
      const end = raw.indexOf('=');
      const name = encodedOnce(end < 0 ? raw : raw.slice(0, end));
      return { raw, name, value: end < 0 ? '' : encodedOnce(raw.slice(end + 1)) };
    });

/** `CanonicalQueryString`: sorted by name, then by value, both encoded. */
export const canonicalQuery = (parameters: readonly Parameter[]): string =>
  [...parameters]
    .sort((a, b) => order(a.name, b.name) || order(a.value, b.value))
    .map(({ name, value }) => `${name}=${value}`)
    .join('&');

// By code units, which are the bytes of an encoded text.
const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * `CanonicalURI`. For S3 the path with each byte escaped once, where `%2F` is the slash of a key; for other services dot segments and
 * repeated slashes are resolved, and what is on the wire is encoded again.
 */
export function canonicalPath(path: string, { onceEncoded }: { readonly onceEncoded: boolean }): string {
  const encoded = onceEncoded ? encodedOnce(path) : uriEncode(resolved(path));
  return encoded.replace(/%2F/g, '/');
}

/** Whether a path is what a service other than S3 signs it as, but for the encoding: without dot segments and repeated slashes. */
export const isResolved = (path: string): boolean => resolved(path) === path;

function resolved(path: string): string {
  if (!/\/\/|\/\.\.?(?:\/|$)/.test(path)) return path;
  const segments: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(segment);
  }
  return `/${segments.join('/')}${segments.length && path.endsWith('/') ? '/' : ''}`;
}

/**
 * The value of a header as it is signed: trimmed, each run of spaces made one, repeated lines joined with `,`.
 *
 * @throws SignatureError `missing_header` where there is none, `invalid_request` for values that are not ASCII.
 */
export function canonicalValue(headers: HeaderView, name: string): string {
  const value = fieldValue(headers, name);
  if (value === undefined) return fail('missing_header', `The request lacks ${name}, which is signed.`);
  const lines = headers.lines?.(name) ?? [];
  return lines.length > 1 ? lines.map(collapsed).join(',') : collapsed(value);
}

const collapsed = (value: string): string => value.trim().replace(/[\t ]+/g, ' ');

/** The names of a request's headers that must be signed whatever else is. CloudFront adds its own on the way. */
export const listAmzNames = (headers: HeaderView): readonly string[] =>
  [...(headers.keys?.() ?? [])].map((name) => name.toLowerCase()).filter((name) => /^x-amz-(?!cf-id$)/.test(name));
