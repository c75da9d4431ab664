import ipaddr from 'ipaddr.js';
import { fail } from '../core/errors.ts';
import type { KeyRecord } from './contracts.ts';

/** How a key was used. */
export type Use = {
  /** The name of the scheme. */
  readonly scheme: string;
  readonly algorithm: string;
  /** Where the request came from, where that is known. */
  readonly address: string | undefined;
};

/**
 * @throws SignatureError `scheme_not_allowed`, `address_not_allowed`; `key_store_unavailable` for ranges that are none.
 */
export function requireAllowed(record: KeyRecord, { scheme, algorithm, address }: Use): void {
  const { schemes, algorithms, addresses } = record;
  if (schemes && !schemes.includes(scheme)) fail('scheme_not_allowed', `The key may not sign by ${scheme}.`, 403);
  if (algorithms && !algorithms.includes(algorithm)) {
    fail('scheme_not_allowed', `The key may not sign with ${algorithm}.`, 403);
  }
  if (addresses && !(address !== undefined && addresses.some((range) => isWithin(address, range)))) {
    fail('address_not_allowed', 'The key may not be used from this address.', 403);
  }
}

function isWithin(address: string, range: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  // As IPv4 where it is one in the clothes of IPv6 (::ffff:192.0.2.1, RFC 4291 section 2.5.5.2).
  const found = ipaddr.process(address);
  const { network, bits } = parsedRange(range);
  return found.kind() === network.kind() && found.match(network, bits);
}

type Range = { readonly network: ReturnType<typeof ipaddr.parse>; readonly bits: number };

function parsedRange(range: string): Range {
  try {
    const [network, bits] = ipaddr.parseCIDR(
      range.includes('/') ? range : `${range}/${range.includes(':') ? 128 : 32}`,
    );
    return { network, bits };
  } catch (cause) {
    return fail('key_store_unavailable', `The range ${range} of a key is no address and no CIDR range.`, 503, cause);
  }
}

/**
 * @throws SignatureError `invalid_configuration` for what is no address and no CIDR range.
 */
export function checkRanges(ranges: readonly string[]): void {
  const wrong = ranges.find((range) => !(ipaddr.isValid(range) || ipaddr.isValidCIDR(range)));
  if (wrong !== undefined) fail('invalid_configuration', `${wrong} is no address and no CIDR range.`);
}
