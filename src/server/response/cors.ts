import { retirementField } from '../../core/field-names.ts';
import type { HeaderView } from '../../core/message.ts';
import type { Verifier } from '../verify/verifier.ts';
import { type CorsOptions, corsSettings } from './cors-options.ts';
import type { PlainResponse } from './refusal-response.ts';

/** What gates on every framework do by the CORS protocol; made by {@link createCors}. */
export type Cors = {
  /** The whole answer to a preflight; undefined for every other request, which is to be judged. */
  preflight(request: Asked): PlainResponse | undefined;
  /**
   * What an answer to a page needs beside what it has: fields to set, by name; one that is undefined must not be in it. A second
   * time it comes to the same. No scheme of this package signs any of them in an answer.
   *
   * @param origin the `Origin` of the request, null where it has none.
   */
  share(origin: string | null, answer: HeaderView): LateFields;
};

/** Fields of a response, by name. One that is undefined must not be in it. */
export type LateFields = Readonly<Record<string, string | undefined>>;

type Asked = { readonly method: string; readonly headers: HeaderView };

/**
 * Whether a request is one by which a browser asks beforehand (Fetch, "HTTP requests"): it must have both headers. Any other OPTIONS
 * is a request like the others.
 */
export const isPreflight = ({ method, headers }: Asked): boolean =>
  method === 'OPTIONS' && headers.get('origin') !== null && Boolean(headers.get('access-control-request-method'));

// Beside countersignatures, and what pages see of every answer (Fetch, "CORS-safelisted response-header name").
const exposedByUs = [
  ...['WWW-Authenticate', 'Retry-After', 'RateLimit', 'RateLimit-Policy', retirementField],
  // Countersignatures cover these: a page that cannot see them cannot check one.
  ...['Content-Range', 'Location'],
];

/**
 * The server's side of the CORS protocol (Fetch, section "CORS protocol"), made once for a gate. Never with
 * `Access-Control-Allow-Credentials`: what proves a caller is the signature, which a page has to make, and not a cookie, which a
 * browser adds to the requests of any page.
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
  // Compared byte by byte, as browsers do (Fetch, "CORS check"). Who is not listed is not told who is.
  const allowOrigin = (origin: string | null): string | undefined => {
    if (!origins) return '*';
    return origin !== null && origins.has(origin) ? origin : undefined;
  };
  // Where every origin gets the same, caches need not tell them apart (Fetch, "CORS protocol and HTTP caches").
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
    share(origin, answer) {
      const granted = allowOrigin(origin);
      return {
        'Access-Control-Allow-Origin': granted,
        ...(granted !== undefined && {
          'Access-Control-Expose-Headers': listWith(answer.get('access-control-expose-headers'), shown),
        }),
        ...vary(answer.get('vary')),
      };
    },
  };
}

/** A list of names (RFC 9110 section 5.6.1) and further ones. One that names all, as `*` does, stays. */
function listWith(present: string | null, added: readonly string[]): string {
  const names = (present ?? '').split(',').map((name) => name.trim());
  return names.includes('*') ? '*' : listOf([...names.filter(Boolean), ...added]);
}

/** Each once, however it is spelt. */
function listOf(names: readonly string[]): string {
  const spelt = new Map<string, string>();
  for (const name of names) if (!spelt.has(name.toLowerCase())) spelt.set(name.toLowerCase(), name);
  return [...spelt.values()].join(', ');
}
