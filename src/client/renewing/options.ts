import { fail } from '../../core/errors.ts';
import { checkOptions } from '../check-options.ts';
import type { SessionKeyStore } from './key-store.ts';

/** For whom sessions are, and when they are renewed. */
export type RenewingOptions = {
  /**
   * Refuses every session that the issuer states for another subject, or for none, fetched or kept: give each user whom the page shows
   * credentials of their own. Without it, the page signs for the user whom the issuer knows when a session is asked for. @default any
   */
  readonly subject?: string;
  /** How long before its end a session is renewed, in seconds; at most half of its life. @default a fifth of its life, at most 60 */
  readonly early?: number;
  /** How long to wait for the issuer, in milliseconds. @default 10000 */
  readonly timeout?: number;
  /**
   * Keeps the session beyond a reload and shares it among tabs, and has the key pair that the session can be bound to: `browserKeyStore`
   * of `countersign/browser`. @default none: the session is kept in memory
   */
  readonly keyStore?: SessionKeyStore;
  /** The time in milliseconds since the epoch. Only durations are measured with it. @default Date.now */
  readonly clock?: () => number;
};

/** @throws SignatureError `invalid_configuration` */
export function checkRenewingOptions(options: RenewingOptions): void {
  checkOptions('renewing', options, /^(subject|early|timeout|keyStore|clock)$/);
  const { subject, early, timeout, keyStore } = options;
  if (subject !== undefined && (typeof subject !== 'string' || !subject)) {
    fail('invalid_configuration', 'subject must be a text, such as the id of the user.');
  }
  if (early !== undefined && !(early >= 0)) fail('invalid_configuration', 'early must be seconds, 0 or more.');
  if (timeout !== undefined && !(timeout > 0 && timeout < 2 ** 31)) {
    fail('invalid_configuration', 'timeout must be milliseconds, more than 0.');
  }
  if (keyStore !== undefined && typeof keyStore?.open !== 'function') {
    fail('invalid_configuration', 'keyStore must be a key store, such as browserKeyStore(name).');
  }
}
