import { fail } from '../core/errors.ts';

// What a URI may hold (RFC 3986 section 2), and what clients that follow the URL Standard send beside it: `^` and `|` in a path,
// and in a query also `\`, `{`, `}` and a backtick.
const sendable = /^\/[!$%&'-;=@-[\]^_a-z|~]*(?:\?[!$%&'-;=?-~]*)?$/;

/**
 * Requires of a target what every client writes. To sign, other characters are escaped; routers read some of them otherwise, such as
 * a `\` as a `/`, and so would serve another path than the one that was signed.
 *
 * @throws SignatureError `malformed_field`
 */
export function requireSendable(target: string): void {
  if (sendable.test(target)) return;
  // Origin-form, RFC 9112 section 3.2.1. Anything else would have to be changed to look like what a client signs.
  if (!/^\/[^#]*$/.test(target)) fail('malformed_field', 'The request target must be a path, without a fragment.');
  fail(
    'malformed_field',
    'The request target holds what a client must escape: a space, control character or backslash in the path, for example.',
  );
}
