import { toHref } from '../core/address.ts';
import type { Credentials } from '../core/credentials.ts';
import { fail } from '../core/errors.ts';
import { toMessage } from '../core/message.ts';
import { allowSecretInBrowser } from '../core/unsafe-options.ts';
import { checkLifetime, signLinks } from '../schemes/signed-links/sign.ts';
import { checkOptions } from './check-options.ts';
import type { CredentialsProvider } from './key.ts';
import { createSigner } from './signer.ts';

/** How long a link works, and for what. */
export type SignUrlOptions = {
  /** How long the link works, in whole seconds. A verifier accepts at most its `maxLifetime`. */
  readonly expiresIn: number;
  /** The method of the request. A link for GET works for HEAD as well. @default 'GET' */
  readonly method?: string;
  /** Whether the link works once only. @default false */
  readonly once?: boolean;
  /** The time in milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
  /** Allows a long-lived secret in a browser. @default absent */
  readonly [allowSecretInBrowser]?: true;
};

/**
 * Signs a link, for places where no headers can be set: downloads, images, `EventSource`, and handshakes of WebSockets. Anyone who
 * has the link can use it until it ends. A link of a session ends with the session at the latest.
 *
 * The parameters of the signature are appended; everything else stays as it is in the URL, also the fragment, which is not signed.
 * A URL that is a signed link already gets a new signature.
 *
 * @param credentials the credentials, or a function that returns them, such as that of `renewing`; also those of a session.
 * @param url an absolute URL: `http:`, `https:`, `ws:` or `wss:`.
 * @throws SignatureError `invalid_configuration` for an unknown option, an invalid value and a signer instead of credentials,
 * `invalid_request` for a URL that cannot be signed, `invalid_credentials`, `secret_in_browser`.
 * @example
 * import { signUrl } from 'countersign';
 *
 * const link = await signUrl({ accessKey, secret }, 'https://api.example.com/v1/report.pdf?page=2', { expiresIn: 600 });
 * console.log(link.startsWith('https://api.example.com/v1/report.pdf?page=2&csign-key=')); // → true
 */
export async function signUrl(
  credentials: Credentials | CredentialsProvider,
  url: string | URL,
  options: SignUrlOptions,
): Promise<string> {
  checkOptions('signUrl', options, /^(expiresIn|method|once|clock)$/);
  if (!credentials || 'signMessage' in credentials) fail('invalid_configuration', 'Pass credentials, no signer.');
  const { expiresIn, method = 'GET', once = false, clock } = options;
  checkLifetime('expiresIn', expiresIn);
  if (typeof once !== 'boolean') fail('invalid_configuration', 'once must be a boolean.');
  const href = httpHref(`${url}`);
  const message = toMessage({ method, url: href }, { get: () => null });
  // It would work for GET, which was not asked for.
  if (message.method === 'HEAD') fail('invalid_configuration', 'A link for GET works for HEAD too.');
  const signer = createSigner({
    credentials,
    scheme: signLinks({ expiresIn, once }),
    ...(clock && { clock }),
    ...(options[allowSecretInBrowser] && { [allowSecretInBrowser]: true }),
  });
  const { target } = await signer.signMessage(message, { kind: 'none' });
  // A WebSocket asks for its address by http, and keeps its own scheme.
  const scheme = /^ws/i.test(`${url}`) ? message.scheme.replace('http', 'ws') : message.scheme;
  return `${scheme}://${message.authority}${target}${/#.*$/s.exec(href)?.[0] ?? ''}`;
}

function httpHref(url: string): string {
  try {
    return toHref(url.replace(/^ws(?=s?:)/i, 'http'));
  } catch (cause) {
    return fail('invalid_request', 'The URL must be absolute.', undefined, cause);
  }
}
