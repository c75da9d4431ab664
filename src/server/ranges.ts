import ipaddr from 'ipaddr.js';
import { fail } from '../core/errors.ts';

type Range = { readonly network: ReturnType<typeof ipaddr.parse>; readonly bits: number };

/** Whether an address is in one of some ranges. Text that is no address is in none. */
export type Ranges = (address: string) => boolean;

/**
 * Addresses and CIDR ranges (RFC 4632, RFC 4291 section 2.3), IPv4 and IPv6. IPv4 in the clothes of IPv6 (`::ffff:192.0.2.1`,
 * RFC 4291 section 2.5.5.2) is IPv4.
 *
 * @throws SignatureError `invalid_configuration` for what is neither.
 */
export function rangesOf(texts: readonly string[]): Ranges {
  const ranges = texts.map(rangeOf);
  return (address) => {
    if (!ipaddr.isValid(address)) return false;
    const found = ipaddr.process(address);
    return ranges.some(({ network, bits }) => found.kind() === network.kind() && found.match(network, bits));
  };
}

function rangeOf(text: string): Range {
  try {
    const [network, bits] = ipaddr.parseCIDR(text.includes('/') ? text : `${text}/${text.includes(':') ? 128 : 32}`);
    return { network, bits };
  } catch (cause) {
    return fail('invalid_configuration', `${text} is no address and no CIDR range.`, undefined, cause);
  }
}
