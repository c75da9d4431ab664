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

/**
 * The network that an IPv6 address is in, of so many bits, as `2001:db8::/64`; of IPv4 in the clothes of IPv6, the IPv4
 * address. Everything else is returned as it is.
 */
export function networkOf(address: string, bits: number): string {
  if (!ipaddr.IPv6.isValid(address)) return address;
  const found = ipaddr.IPv6.parse(address);
  if (found.isIPv4MappedAddress()) return found.toIPv4Address().toString();
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${new ipaddr.IPv6(found.toByteArray())}/${bits}`)}/${bits}`;
}

function rangeOf(text: string): Range {
  try {
    const [network, bits] = ipaddr.parseCIDR(text.includes('/') ? text : `${text}/${text.includes(':') ? 128 : 32}`);
    return { network, bits };
  } catch (cause) {
    return fail('invalid_configuration', `${text} is no address and no CIDR range.`, undefined, cause);
  }
}
