import { fail } from '../../core/errors.ts';

/**
 * Returns a function that looks up query parameters by name; name and value are percent-encoded, RFC 9421 section 2.2.8.
 *
 * @param query with its `?`.
 * @throws SignatureError (the returned function) `missing_header` for a parameter that the query lacks, `invalid_request` for a
 * repeated name, which the RFC forbids to cover.
 */
export function queryParameters(query: string): (name: string) => string {
  // Stored decoded, and encoded on lookup only: a query may contain thousands of parameters.
  const values = new Map<string, string>();
  const repeated = new Set<string>();
  for (const [name, value] of new URLSearchParams(query.slice(1))) {
    if (values.has(name)) repeated.add(name);
    values.set(name, value);
  }
  return (encoded) => {
    const name = decodeName(encoded);
    const value = name === undefined ? undefined : values.get(name);
    if (name === undefined || value === undefined) {
      return fail('missing_header', 'The request lacks a query parameter that is signed.');
    }
    if (repeated.has(name)) fail('invalid_request', 'A repeated query parameter cannot be signed: sign @query.');
    return encode(value);
  };
}

/** Returns undefined for a name that is not encoded as the RFC demands: it can match no parameter. */
function decodeName(encoded: string): string | undefined {
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
