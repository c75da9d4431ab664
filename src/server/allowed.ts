import { fail } from '../core/errors.ts';
import type { KeyRecord } from './contracts.ts';
import { type Ranges, rangesOf } from './ranges.ts';

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
  if (addresses && !(address !== undefined && rangesOfKey(addresses)(address))) {
    fail('address_not_allowed', 'The key may not be used from this address.', 403);
  }
}

const prepared = new WeakMap<readonly string[], Ranges>();

function rangesOfKey(addresses: readonly string[]): Ranges {
  let ranges = prepared.get(addresses);
  if (!ranges) {
    try {
      ranges = rangesOf(addresses);
    } catch (cause) {
      return fail('key_store_unavailable', `The key record is wrong: ${(cause as Error).message}`, 503, cause);
    }
    prepared.set(addresses, ranges);
  }
  return ranges;
}
