import { type Awaitable, chain } from '../core/awaitable.ts';
import type { Credentials, Secret } from '../core/credentials.ts';
import { bytesToSign } from '../core/encoding.ts';
import type { Message } from '../core/message.ts';
import type { SignedBody, SigningScheme, ToSign } from '../core/scheme.ts';
import type { SigningKey } from '../core/signing-key.ts';
import { allowSecretInBrowser, allowUnsignedPayload } from '../core/unsafe-options.ts';
import { signCountersignV1 } from '../schemes/countersign-v1/sign.ts';
import { checkOptions } from './check-options.ts';
import { type CredentialsProvider, createKeyCache } from './key.ts';
import { randomNonce } from './nonce.ts';
import { type SigningInit, signForFetch } from './outgoing.ts';

/** How requests are signed, beside the credentials. */
export type SigningOptions = {
  /** How a request becomes a signature. Both sides must use the same scheme. @default countersignV1 */
  readonly scheme?: SigningScheme;
  /** Names of headers to sign in addition to those that the scheme covers; each request must have them. @default [] */
  readonly signedHeaders?: readonly string[];
  /** The time in milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
  /** Returns a text that it never returns twice: 16 to 128 characters of A-Z a-z 0-9 _ - @default 128 random bits */
  readonly nonce?: () => string;
  /** The server's latest challenge, for schemes that sign one. A call's own `init.challenge` comes first. @default none */
  readonly challenge?: () => string | undefined;
  /** How many bytes of a body are read into memory to be hashed. @default 67108864 (64 MiB) */
  readonly maxBodyBytes?: number;
  /** Leaves out of the signature every body that would have to be read. @default absent */
  readonly [allowUnsignedPayload]?: true;
  /** Lets a long-lived secret be used in a browser. @default absent */
  readonly [allowSecretInBrowser]?: true;
};

/** Options with one key pair. */
export type KeyPairOptions = SigningOptions & {
  /** Names the caller; public. 1 to 512 characters of A-Z a-z 0-9 . _ ~ - */
  readonly accessKey: string;
  /** The key: a text (its UTF-8 bytes), bytes or a CryptoKey; at least 16 bytes. */
  readonly secret: Secret;
  readonly credentials?: never;
};

/** Options with credentials that change. */
export type CredentialsOptions = SigningOptions & {
  /** Credentials, or a function that returns them or a promise of them. It is called for each signature. */
  readonly credentials: Credentials | CredentialsProvider;
  readonly accessKey?: never;
  readonly secret?: never;
};

/** Options of `createSigner`: one key pair, or credentials that change. */
export type SignerOptions = CredentialsOptions | KeyPairOptions;

/** The signature of one message. */
export type SignedMessage = {
  /** The key that signed it, and checks countersignatures. */
  readonly key: SigningKey;
  readonly stringToSign: ToSign;
  /** The headers to add. */
  readonly headers: Record<string, string>;
  /** The path and query to send, for schemes that sign in the query. */
  readonly target: string | undefined;
};

/** Signs requests with one caller's credentials, by one scheme. Made by {@link createSigner}. */
export type Signer = {
  readonly scheme: SigningScheme;
  /** In bytes. */
  readonly maxBodyBytes: number;
  readonly unsignedPayload: boolean;
  /**
   * Signs a request. Takes what `fetch` takes, and returns the Request to send: a body has to be read to be hashed, and then
   * a new Request carries it. The headers of a Request without a body are set in place.
   *
   * @throws SignatureError `body_consumed`, `body_parsed`, `body_too_large`, `body_unreadable`, `invalid_request`,
   * `missing_header`, and `invalid_credentials` or `secret_in_browser` for what a `credentials` function returns. Rejects with
   * the reason of `init.signal` when that aborts.
   * @example
   * const request = await signer.sign('https://api.example.com/v1/orders', { method: 'POST', body: '{}' });
   */
  sign(input: string | URL | Request, init?: SigningInit): Promise<Request>;
  /** Signs a message whose body is known. Synchronous where credentials and key are. */
  signMessage(message: Message, body: SignedBody, challenge?: string): Awaitable<SignedMessage>;
};

const optionNames =
  /^(accessKey|secret|id|credentials|expiresAt|sessionToken|scheme|signedHeaders|clock|nonce|challenge|maxBodyBytes)$/;

/**
 * Makes a signer: the same bytes in every runtime. One signer serves a whole program.
 *
 * @throws SignatureError `invalid_credentials`, `secret_in_browser`, and `invalid_configuration` for unknown options and
 * for `signedHeaders` that cannot be signed.
 * @example
 * const signer = createSigner({ accessKey, secret });
 */
export function createSigner(options: KeyPairOptions): Signer;
export function createSigner(options: SignerOptions): Signer;
export function createSigner(options: SignerOptions): Signer {
  checkOptions('createSigner', options, optionNames);
  const { scheme = signCountersignV1, clock = () => Date.now(), nonce = randomNonce, maxBodyBytes = 1 << 26 } = options;
  const { signedHeaders: names = [] } = options;
  checkOptions('signedHeaders', names, /./);
  const signedHeaders = scheme.signableHeaders(names);
  const given = options.credentials ?? (options as Credentials);
  const provided = typeof given === 'function';
  const provide = provided ? given : () => given;
  const keyFor = createKeyCache({ scheme, clock, secretInBrowser: !!options[allowSecretInBrowser], provided });
  if (!provided) keyFor(given);

  const signer: Signer = {
    scheme,
    maxBodyBytes,
    unsignedPayload: !!options[allowUnsignedPayload],
    async sign(input, init) {
      const signed = await signForFetch(signer, input, init);
      return typeof signed.input === 'string' || init ? new Request(signed.input, signed.init) : signed.input;
    },
    signMessage: (message, body, challenge = options.challenge?.()) =>
      chain(provide(), (credentials) => {
        const key = keyFor(credentials);
        const { stringToSign, deriveKey, headers, target } = scheme.prepare({
          message,
          accessKey: credentials.accessKey,
          algorithm: key.algorithm,
          time: clock(),
          nonce: nonce(),
          body,
          signedHeaders,
          sessionToken: credentials.sessionToken,
          challenge,
        });
        const signature = chain(deriveKey ? deriveKey(key) : key, (own) => own.sign(bytesToSign(stringToSign)));
        return chain(signature, (made) => ({ key, stringToSign, headers: headers(made), target: target?.(made) }));
      }),
  };
  return signer;
}
