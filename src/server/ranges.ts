import ipaddr from 'ipaddr.js';
import { fail } from '../core/errors.ts';

type Parsed = ReturnType<typeof ipaddr.parse>;
type Range = { readonly network: Parsed; readonly bits: number };

/** Whether an address is in one of some ranges. Text that is no address is in none. */
export type Ranges = (address: string) => boolean;

/**
 * Addresses and CIDR ranges (RFC 4632, RFC 4291 section 2.3), IPv4 and IPv6. IPv4 in the clothes of IPv6 (`::ffff:192.0.2.1`,
 * RFC 4291 section 2.5.5.2) is IPv4, in addresses and in ranges.
 *
 * @throws SignatureError `invalid_configuration` for what is neither.
 */
export function parseRanges(texts: readonly string[]): Ranges {
  const ranges = texts.map(rangeOf);
  return (address) => {
    const found = parsed(address);
    if (!found) return false;
    return ranges.some(({ network, bits }) => found.kind() === network.kind() && found.match(network, bits));
  };
}

/**
 * The network that an IPv6 address is in, of so many bits, as `2001:db8::/64`; of IPv4 in the clothes of IPv6, the IPv4
 * address. Everything else is returned as it is.
 */
export function maskAddress(address: string, bits: number): string {
  const found = parsed(address);
  if (!found || found.kind() === 'ipv4') return found?.toString() ?? address;
  // Anew, for one that came with a zone would keep it.
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${new ipaddr.IPv6(found.toByteArray())}/${bits}`)}/${bits}`;
}

/** An address in the spelling that all others of it are equal to (RFC 5952); undefined for what is none. */
export const canonicalAddress = (text: string): string | undefined => parsed(text)?.toString();

/**
 * Refuses ranges that hold all addresses of a kind.
 *
 * @throws SignatureError `invalid_configuration`
 */
export function refuseEverybody(texts: readonly string[]): void {
  const everybody = texts.find((text) => rangeOf(text).bits === 0);
  if (everybody !== undefined) fail('invalid_configuration', `${everybody} is everybody, who cannot be trusted.`);
}

/** ipaddr.js also reads `10.1`, `0xa.0.0.1` and `010.0.0.1`, which others take for other addresses, or for none. */
function parsed(text: string): Parsed | undefined {
  const [, mapped = text] = /^::ffff:([\d.]+)$/i.exec(text) ?? [];
  if (ipaddr.IPv4.isValidFourPartDecimal(mapped)) return ipaddr.IPv4.parse(mapped);
  return ipaddr.IPv6.isValid(mapped) && !mapped.includes('.') ? ipaddr.process(mapped) : undefined;
}

function rangeOf(text: string): Range {
  const [, address = '', length] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const network = parsed(address);
  const most = network?.kind() === 'ipv4' ? 32 : 128;
  // The network of IPv4 in the clothes of IPv6 is counted from the front of these.
  const before = most === 32 && address.includes(':') ? 96 : 0;
  const bits = length === undefined ? most : Number(length) - before;
  if (!network || !(bits >= 0 && bits <= most)) {
    return fail('invalid_configuration', `${text} is no address and no CIDR range.`);
  }
  return { network, bits };
}
