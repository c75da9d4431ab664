import type { Credentials } from '../core/credentials.ts';
import { fail } from '../core/errors.ts';

/**
 * Whoever opens a page can read every secret in it, so only what a leak would hardly hurt belongs there: credentials that
 * end within a day, and keys that WebCrypto holds and gives to nobody.
 *
 * @throws SignatureError `secret_in_browser`
 */
export function refuseLongLivedSecret({ secret, expiresAt = Infinity }: Credentials, now: number): void {
  // Pages and workers of all browsers; server runtimes name themselves, or have no navigator.
  const inBrowser = /^Mozilla/.test(globalThis.navigator?.userAgent);
  const readable = (secret as { readonly extractable?: boolean }).extractable !== false;
  if (inBrowser && readable && !(expiresAt - now <= 864e5)) {
    fail('secret_in_browser', 'A browser shows this secret to all. Use credentials with expiresAt within a day.');
  }
}
