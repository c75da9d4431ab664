import { fail } from '../core/errors.ts';
import { withTarget } from '../core/with-target.ts';
import type { Fetch } from './fetch.ts';
import { isRequest } from './request.ts';

/**
 * Returns a URL with its query as `URLSearchParams` spells it: `+` for a space, `x=` for `x`, `%28` for `(`. Names, values and
 * their order stay as they are. For servers that spell queries so before their own code runs, such as those on Next.js: what is
 * signed is then what they see.
 *
 * @throws SignatureError `invalid_request` for a query with escapes that are not UTF-8, whose value would change.
 * @example
 * import { formQuery } from 'countersign';
 *
 * console.log(formQuery('https://api.example.com/v1/orders?q=a%20b&x')); // → https://api.example.com/v1/orders?q=a+b&x=
 */
export function formQuery(url: string | URL): string {
  const [whole = '', before = '', query, fragment = ''] = /^([^?#]*)(\?[^#]*)?(.*)$/s.exec(`${url}`) ?? [];
  if (query === undefined) return whole;
  const spelled = new URLSearchParams(requireUtf8(query)).toString();
  return before + (spelled && `?${spelled}`) + fragment;
}

function requireUtf8(query: string): string {
  try {
    decodeURIComponent(query);
    return query;
  } catch (cause) {
    return fail('invalid_request', 'The query contains a % that begins no escape of UTF-8.', 400, cause);
  }
}

/**
 * Returns a `fetch` that passes each request on with the URL of {@link formQuery}. Wrap the `fetch` that signs.
 *
 * @throws SignatureError (the returned function) `invalid_request`, and the codes of the wrapped `fetch`.
 * @example
 * import { formQueryFetch, signedFetch } from 'countersign';
 *
 * const api = formQueryFetch(signedFetch(signer));
 * const response = await api('https://api.example.com/v1/orders?q=a new one');
 * console.log(response.status); // → 200
 */
export function formQueryFetch(fetch: Fetch): Fetch {
  return async (input, init) => {
    if (!isRequest(input)) return fetch(formQuery(input), init);
    const url = formQuery(input.url);
    if (url === input.url) return fetch(input, init);
    const target = url.replace(/^\w+:\/\/[^/?#]*|#.*$/gs, '');
    return fetch(await withTarget(input, { target, body: undefined }), init);
  };
}
