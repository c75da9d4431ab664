import { fail } from '../core/errors.ts';

/**
 * The values of query parameters by name, both percent-encoded, RFC 9421 section 2.2.8.
 *
 * @param query with its `?`.
 * @throws SignatureError (the function returned) `missing_header` for one that the query does not have, `invalid_request` for a
 * name that stands twice, which may not be covered.
 */
export function queryParameters(query: string): (name: string) => string {
  const values = new Map<string, string>();
  const repeated = new Set<string>();
  for (const [name, value] of new URLSearchParams(query.slice(1))) {
    const encoded = encode(name);
    if (values.has(encoded)) repeated.add(encoded);
    values.set(encoded, encode(value));
  }
  return (name) => {
    if (repeated.has(name))
      fail('invalid_request', 'A query parameter that stands twice cannot be signed: sign @query.');
    return values.get(name) ?? fail('missing_header', 'The request lacks a query parameter which is signed.');
  };
}

// The percent-encode set of application/x-www-form-urlencoded in the URL Standard, with %20 for a space.
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()~]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
