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

/** Options of a signer other than the credentials. */
export type SigningOptions = {
  /** The signature scheme. Signer and verifier must use the same one. @default countersignV1 */
  readonly scheme?: SigningScheme;
  /** Names of headers to sign in addition to those of the scheme; each request must have them. @default [] */
  readonly signedHeaders?: readonly string[];
  /** The time in milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
  /** Returns a unique string: 16 to 128 characters of A-Z a-z 0-9 _ - @default 128 random bits */
  readonly nonce?: () => string;
  /** Returns the server's latest challenge, for schemes that sign one. `init.challenge` of a call takes precedence. @default none */
  readonly challenge?: () => string | undefined;
  /** The most bytes of a body that are read into memory and hashed. @default 67108864 (64 MiB) */
  readonly maxBodyBytes?: number;
  /** Leaves every body unsigned that would have to be read. @default absent */
  readonly [allowUnsignedPayload]?: true;
  /** Allows a long-lived secret in a browser. @default absent */
  readonly [allowSecretInBrowser]?: true;
};

/** Options with one key pair. */
export type KeyPairOptions = SigningOptions & {
  /** Identifies the caller; public. 1 to 512 characters of A-Z a-z 0-9 . _ ~ - and up to 1,024 for a session. */
  readonly accessKey: string;
  /** The key: a string (its UTF-8 bytes), bytes or a CryptoKey; at least 16 bytes. */
  readonly secret: Secret;
  readonly credentials?: never;
};

/** Options with credentials that change. */
export type CredentialsOptions = SigningOptions & {
  /** Credentials, or a function that returns credentials or a promise of them. It is called for each signature. */
  readonly credentials: Credentials | CredentialsProvider;
  // Not `accessKey` too: TypeScript explains an error by the member of the union that shares most names.
  readonly secret?: never;
};

/** Options of `createSigner`: one key pair, or credentials that change. */
export type SignerOptions = CredentialsOptions | KeyPairOptions;

/** The signature of one message. */
export type SignedMessage = {
  /** The key of the signature. It also verifies countersignatures. */
  readonly key: SigningKey;
  readonly stringToSign: ToSign;
  /** The headers to add. */
  readonly headers: Record<string, string>;
  /** The path and query to send, for schemes that sign in the query. */
  readonly target: string | undefined;
};

/** Signs requests with the credentials of one caller, by one scheme. {@link createSigner} creates it. */
export type Signer = {
  readonly scheme: SigningScheme;
  /** The most bytes of a body that are read. */
  readonly maxBodyBytes: number;
  /** Whether bodies that would have to be read stay unsigned. */
  readonly unsignedPayload: boolean;
  /**
   * Signs a request. Takes the arguments of `fetch`, and returns the Request to send. A body is read to hash it, and the result is
   * then a new Request. A Request without a body is changed and returned.
   *
   * @throws SignatureError `body_consumed`, `body_parsed`, `body_too_large`, `body_unreadable`, `invalid_request`,
   * `missing_header`, and `invalid_credentials` or `secret_in_browser` for the result of a `credentials` function. Rejects with
   * the reason of `init.signal` when it aborts.
   * @example
   * const request = await signer.sign('https://api.example.com/v1/orders', { method: 'POST', body: '{}' });
   */
  sign(input: string | URL | Request, init?: SigningInit): Promise<Request>;
  /** Signs a message whose body is known. Synchronous if credentials and key are. */
  signMessage(message: Message, body: SignedBody, challenge?: string): Awaitable<SignedMessage>;
};

const optionNames =
  /^(accessKey|secret|id|credentials|expiresAt|sessionToken|scheme|signedHeaders|clock|nonce|challenge|maxBodyBytes)$/;

/**
 * Creates a signer. It signs the same bytes in every runtime. A program needs one signer for all its requests with the same
 * credentials.
 *
 * @throws SignatureError `invalid_credentials`, `secret_in_browser`, and `invalid_configuration` for unknown options and
 * for `signedHeaders` that cannot be signed.
 * @example
 * import { createSigner } from 'countersign';
 *
 * const signer = createSigner({ accessKey, secret, signedHeaders: ['x-tenant'] });
 * const headers = { 'X-Tenant': 'eu-1' };
 * const request = await signer.sign('https://api.example.com/v1/orders', { method: 'POST', headers, body: '{}' });
 * console.log(request.headers.get('x-api-signed-headers')); // → x-tenant
 */
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
