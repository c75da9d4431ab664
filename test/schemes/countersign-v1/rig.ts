import { type Message, toMessage } from '../../../src/core/message.ts';

/** Header fields of a well-formed signature, and one that holds nothing but zeros. */
export const signedFields = {
  'X-API-Key': 'ak_1',
  'X-API-Timestamp': '1767225600',
  'X-API-Nonce': 'a-nonce-of-24-characters',
  'X-API-Signature': `v1=${'0'.repeat(64)}`,
};

/** A request with these fields; one of null is left out. */
export function messageWith(fields: Readonly<Record<string, string | null>>, method = 'POST'): Message {
  const present = Object.entries(fields).filter((field): field is [string, string] => field[1] !== null);
  return toMessage({ method, url: 'https://api.example.com/v1/orders?a=1' }, new Headers(present));
}
