import { fail } from '../../core/errors.ts';

/**
 * The values of query parameters by name, both percent-encoded, RFC 9421 section 2.2.8.
 *
 * @param query with its `?`.
 * @throws SignatureError (the function returned) `missing_header` for one that the query does not have, `invalid_request` for a
 * name that stands twice, which may not be covered.
 */
export function queryParameters(query: string): (name: string) => string {
  // Decoded. Only what is asked for is encoded: a query may hold thousands of parameters.
  const values = new Map<string, string>();
  const repeated = new Set<string>();
  for (const [name, value] of new URLSearchParams(query.slice(1))) {
    if (values.has(name)) repeated.add(name);
    values.set(name, value);
  }
  return (encoded) => {
    const name = nameIn(encoded);
    const value = name === undefined ? undefined : values.get(name);
    if (name === undefined || value === undefined) {
      return fail('missing_header', 'The request lacks a query parameter which is signed.');
    }
    if (repeated.has(name))
      fail('invalid_request', 'A query parameter that stands twice cannot be signed: sign @query.');
    return encode(value);
  };
}

/** Undefined for what is not encoded as the RFC has it, which is the name of no parameter. */
function nameIn(encoded: string): string | undefined {
  try {
    const name = decodeURIComponent(encoded);
    return encode(name) === encoded ? name : undefined;
  } catch {
    return undefined;
  }
}

// The percent-encode set of application/x-www-form-urlencoded in the URL Standard, with %20 for a space.
const encode = (text: string): string => encodeURIComponent(text).replace(/[!'()~]/g, (one) => escapes[one] ?? one);

const escapes: Readonly<Record<string, string>> = { '!': '%21', "'": '%27', '(': '%28', ')': '%29', '~': '%7E' };
