import { fail } from '../core/errors.ts';

/** The address that a response redirects to; undefined if it is no redirect, or a browser hides the address. */
export const redirectTarget = ({ status, headers }: Response): string | undefined =>
  (/^30[12378]$/.test(`${status}`) && headers.get('location')) || undefined;

/**
 * Returns the response unless it is a redirect.
 *
 * @throws SignatureError `redirect_refused`
 */
export function refuseRedirect(response: Response): Response {
  const location = redirectTarget(response);
  if (location || response.type === 'opaqueredirect') {
    fail(
      'redirect_refused',
      `The server redirects to ${location?.slice(0, 200) ?? 'an address that the browser hides'}: call the final address, or see redirectFetch.`,
    );
  }
  return response;
}
