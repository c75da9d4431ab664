import ipaddr from 'ipaddr.js';
import { fail } from '../core/errors.ts';

type Parsed = ReturnType<typeof ipaddr.parse>;
type Range = { readonly network: Parsed; readonly bits: number };

/** True if an address is in one of the ranges. False for text that is not an IP address. */
export type Ranges = (address: string) => boolean;

/**
 * Parses IPv4 and IPv6 addresses and CIDR ranges (RFC 4632, RFC 4291 section 2.3). IPv4-mapped IPv6 addresses
 * (`::ffff:192.0.2.1`, RFC 4291 section 2.5.5.2) count as IPv4, in addresses and in ranges.
 *
 * @throws SignatureError `invalid_configuration` for anything else.
 */
export function parseRanges(texts: readonly string[]): Ranges {
  const ranges = texts.map(parseRange);
  return (address) => {
    const found = parseIp(address);
    if (!found) return false;
    return ranges.some(({ network, bits }) => found.kind() === network.kind() && found.match(network, bits));
  };
}

// An address as some platforms give it, `192.0.2.1:49152` or `[2001:db8::1]:49152`.
const withPort = /^(?:\[(?<bracketed>[\da-f:.]+)\]|(?<plain>[\d.]+)):\d{1,5}$/i;

// IPv4 clients of a server that has IPv6 alone, as a translator names them (RFC 6052 section 2.1).
const translated = ipaddr.IPv6.parse('64:ff9b::');

/**
 * The network of an IPv6 address with a prefix of `bits`, such as `2001:db8::/64`; the IPv4 address for an IPv4-mapped one, and for one
 * that a translator made of an IPv4 address. A port is dropped: each connection has another. Other text is returned unchanged.
 */
export function maskAddress(address: string, bits: number): string {
  const found = parseIp(address.replace(withPort, '$<bracketed>$<plain>'));
  if (!found || found.kind() === 'ipv4') return found?.toString() ?? address;
  if (found.match(translated, 96)) return `${new ipaddr.IPv4(found.toByteArray().slice(12))}`;
  // Rebuilt from its bytes, which drops a zone.
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${new ipaddr.IPv6(found.toByteArray())}/${bits}`)}/${bits}`;
}

/** The canonical spelling of an address (RFC 5952); undefined for text that is not an IP address. */
export const canonicalAddress = (text: string): string | undefined => parseIp(text)?.toString();

/**
 * Refuses ranges that contain all addresses.
 *
 * @throws SignatureError `invalid_configuration`
 */
export function refuseEverybody(texts: readonly string[]): void {
  const everybody = texts.find((text) => parseRange(text).bits === 0);
  if (everybody !== undefined) {
    fail('invalid_configuration', `${everybody} contains every address: name only addresses that you trust.`);
  }
}

/** Stricter than ipaddr.js, which also reads `10.1`, `0xa.0.0.1` and `010.0.0.1`. Other software reads these differently, or not at all. */
function parseIp(text: string): Parsed | undefined {
  const [, mapped = text] = /^::ffff:([\d.]+)$/i.exec(text) ?? [];
  if (ipaddr.IPv4.isValidFourPartDecimal(mapped)) return ipaddr.IPv4.parse(mapped);
  return ipaddr.IPv6.isValid(mapped) && !mapped.includes('.') ? ipaddr.process(mapped) : undefined;
}

function parseRange(text: string): Range {
  const [, address = '', length] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const network = parseIp(address);
  const maxBits = network?.kind() === 'ipv4' ? 32 : 128;
  // The prefix length of an IPv4-mapped range includes the 96 bits before the IPv4 address.
  const mappedBits = maxBits === 32 && address.includes(':') ? 96 : 0;
  const bits = length === undefined ? maxBits : Number(length) - mappedBits;
  if (!network || !(bits >= 0 && bits <= maxBits)) {
    return fail('invalid_configuration', `${text} is neither an IP address nor a CIDR range.`);
  }
  return { network, bits };
}
