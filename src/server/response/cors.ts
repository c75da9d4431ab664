import { retirementField } from '../../core/field-names.ts';
import type { HeaderView } from '../../core/message.ts';
import type { Verifier } from '../verify/verifier.ts';
import { type CorsOptions, corsSettings } from './cors-options.ts';
import type { PlainResponse } from './refusal-response.ts';

/** The server side of the CORS protocol, for gates on every framework. Created by {@link createCors}. */
export type Cors = {
  /** The complete response to a preflight; undefined for any other request, which must be verified. */
  preflight(request: RequestHead): PlainResponse | undefined;
  /**
   * Returns the CORS fields for a response: fields to set, by name, or to delete if undefined. Idempotent. No scheme of this
   * package signs any of these fields in a response.
   *
   * @param origin the `Origin` of the request, null if it has none.
   */
  share(origin: string | null, response: HeaderView): LateFields;
};

/** Response fields by name. A field that is undefined must be deleted. */
export type LateFields = Readonly<Record<string, string | undefined>>;

type RequestHead = { readonly method: string; readonly headers: HeaderView };

/**
 * True for a preflight (Fetch, "HTTP requests"), which must have both headers. Any other OPTIONS request is an ordinary
 * request.
 */
export const isPreflight = ({ method, headers }: RequestHead): boolean =>
  method === 'OPTIONS' && headers.get('origin') !== null && Boolean(headers.get('access-control-request-method'));

// In addition to countersignatures and the fields that pages can always read (Fetch, "CORS-safelisted response-header name").
const exposedByUs = [
  ...['WWW-Authenticate', 'Retry-After', 'RateLimit', 'RateLimit-Policy', retirementField],
  // Countersignatures cover these: a page can verify one only if it can read them.
  ...['Content-Range', 'Location'],
  // By which a page can see that its clock is wrong, where nothing is countersigned.
  'Date',
];

/**
 * Creates the server side of the CORS protocol (Fetch, section "CORS protocol"), once per gate. It never sends
 * `Access-Control-Allow-Credentials`: the caller is authenticated by a signature that its page makes, not by a cookie, which a
 * browser would add to requests of any page.
 *
 * @throws SignatureError `invalid_configuration`
 */
export function createCors(options: CorsOptions, fields: Verifier['fields']): Cors {
  const { origins, headers, methods, exposed, maxAge } = corsSettings(options);
  const shown = [...fields.response, ...exposedByUs, ...exposed];
  const allowed = {
    'Access-Control-Allow-Methods': methods.join(', '),
    'Access-Control-Allow-Headers': listOf([...fields.request, ...headers]).toLowerCase(),
    'Access-Control-Max-Age': `${maxAge}`,
  };
  // Compared byte by byte, as browsers do (Fetch, "CORS check"). An unlisted origin does not learn which origins are listed.
  const allowOrigin = (origin: string | null): string | undefined => {
    if (!origins) return '*';
    return origin !== null && origins.has(origin) ? origin : undefined;
  };
  // If all origins get the same response, caches need not vary by origin (Fetch, "CORS protocol and HTTP caches").
  const vary = (present: string | null) => origins && { Vary: listWith(present, ['Origin']) };

  return {
    preflight(request) {
      if (!isPreflight(request)) return undefined;
      const granted = allowOrigin(request.headers.get('origin'));
      return {
        status: 204,
        headers: {
          ...(granted !== undefined && { 'Access-Control-Allow-Origin': granted, ...allowed }),
          ...vary(null),
        },
        body: '',
      };
    },
    share(origin, response) {
      const granted = allowOrigin(origin);
      return {
        'Access-Control-Allow-Origin': granted,
        ...(granted !== undefined && {
          'Access-Control-Expose-Headers': listWith(response.get('access-control-expose-headers'), shown),
        }),
        ...vary(response.get('vary')),
      };
    },
  };
}

/** Adds names to a list (RFC 9110 section 5.6.1). `*` already includes all names, and stays. */
function listWith(present: string | null, added: readonly string[]): string {
  const names = (present ?? '').split(',').map((name) => name.trim());
  return names.includes('*') ? '*' : listOf([...names.filter(Boolean), ...added]);
}

/** Joins names, without duplicates that differ only in case. */
function listOf(names: readonly string[]): string {
  const unique = new Map<string, string>();
  for (const name of names) if (!unique.has(name.toLowerCase())) unique.set(name.toLowerCase(), name);
  return [...unique.values()].join(', ');
}
