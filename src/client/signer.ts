import type { Credentials, Secret } from '../core/credentials.ts';
import { bytesToSign, hex, textOfUtf8 } from '../core/encoding.ts';
import { fail } from '../core/errors.ts';
import type { Message } from '../core/message.ts';
import type { PreparedSignature, SigningScheme } from '../core/scheme.ts';
import type { SigningKey } from '../core/signing-key.ts';
import { allowSecretInBrowser, allowUnsignedPayload } from '../core/switches.ts';
import { signCountersignV1 } from '../schemes/countersign-v1-sign.ts';
import { type Body, bytesInMemory } from './body.ts';
import { type Draft, draftOf, draftOfParts, now, type RequestParts, type SignerSettings } from './draft.ts';
import { type CredentialsProvider, identities } from './identity.ts';
import { randomNonce } from './nonce.ts';
import { withHeaders } from './request.ts';

type Identity =
  | { readonly accessKey: string; readonly secret: Secret; readonly credentials?: never }
  | { readonly credentials: Credentials | CredentialsProvider; readonly accessKey?: never; readonly secret?: never };

/** Who signs, and how: `accessKey` and `secret`, or `credentials` where they change. */
export type SignerOptions = Identity & {
  /** @default countersignV1 */
  readonly scheme?: SigningScheme;
  /** Names of headers to sign beside those that the scheme covers by itself; each request must have them. @default [] */
  readonly signedHeaders?: readonly string[];
  /** The time in milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
  /** A text that is never returned twice: 16 to 128 characters of A-Z a-z 0-9 _ - @default 128 random bits */
  readonly nonce?: () => string;
  /** What the server asked to be signed last, for schemes that answer a challenge. @default none */
  readonly challenge?: () => string | undefined;
  /** How many bytes of a body are read into memory to be hashed. @default 67108864 (64 MiB) */
  readonly maxBodyBytes?: number;
  readonly [allowUnsignedPayload]?: true;
  readonly [allowSecretInBrowser]?: true;
};

/** What a signature was made of, by stage: what to compare when two sides disagree. Holds no secret. */
export type Explanation = {
  readonly scheme: string;
  readonly message: Pick<Message, 'method' | 'authority' | 'target'>;
  /** SHA-256 of the body in hex, or `bytes` (signed as they are), `unsigned`, `declared` (by the caller's own header), `none`. */
  readonly bodyDigest: string;
  /** Bytes that are no UTF-8 are shown as U+FFFD. */
  readonly stringToSign: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Path and query with the signature in them, for schemes that put it there. */
  readonly target?: string;
};

/** What a caller knows of a request beside the request itself. */
export type SignOptions = {
  /**
   * The text, bytes or URLSearchParams that the request was made from, where the caller still has them: then
   * the request itself is not read, and its headers are set in place.
   */
  readonly body?: Body;
};

/** What to send: made by `Signer.request`. */
export type SignedRequest = { readonly url: string; readonly headers: Record<string, string> };

/** Signs requests with one caller's credentials, by one scheme. Made by {@link createSigner}. */
export type Signer = {
  readonly settings: SignerSettings;
  /**
   * Signs a Request. Use the one returned: a body has to be read to be hashed, and then a new Request carries it.
   *
   * @throws SignatureError `body_consumed`, `body_too_large`, `body_unreadable`, `invalid_request`, `missing_header`,
   * and what a bad `credentials` provider causes.
   */
  sign(request: Request, options?: SignOptions): Promise<Request>;
  /**
   * The headers to add to a request, at once. A text without a content type gets the one that fetch would give it.
   *
   * @throws SignatureError as `sign` does, and `async_required` where that takes a promise: for a CryptoKey, an
   * asynchronous provider, and a Blob, FormData or stream; `invalid_request` for schemes that sign in the query.
   */
  headers(parts: RequestParts): Record<string, string>;
  /**
   * The URL to send a request to and the headers to add, at once; for schemes that sign in the query, others leave the URL
   * as it is.
   *
   * @throws SignatureError as `headers` does.
   */
  request(parts: RequestParts): SignedRequest;
  /** Signs, and tells each stage by name. Takes a clone of a Request. */
  explain(request: Request | RequestParts): Promise<Explanation>;
  /** The key that requests are signed with now, to check countersignatures with. */
  key(): Promise<SigningKey>;
};

type Stages = Pick<PreparedSignature, 'stringToSign'> & {
  readonly target: PreparedSignature['target'];
  readonly signature: Uint8Array | Promise<Uint8Array>;
  headers(signature: Uint8Array): Record<string, string>;
};

/**
 * Makes a signer: the same bytes in every runtime.
 *
 * @throws SignatureError `invalid_credentials`, `secret_in_browser`, and `invalid_configuration` for `signedHeaders` that
 * cannot be signed.
 */
export function createSigner(options: SignerOptions): Signer {
  const { scheme = signCountersignV1, clock = () => Date.now(), nonce = randomNonce, maxBodyBytes = 1 << 26 } = options;
  const signedHeaders = scheme.signableHeaders(options.signedHeaders ?? []);
  const settings = { scheme, maxBodyBytes, unsignedPayload: !!options[allowUnsignedPayload] };
  const identify = identities({ scheme, clock, secretInBrowser: !!options[allowSecretInBrowser] });
  const given = options.credentials ?? (options as Credentials);
  const provide = typeof given === 'function' ? given : () => given;
  if (given !== provide) identify(given as Credentials);

  function stagesOf({ message, body, contentType }: Draft, credentials: Credentials): Stages {
    const { accessKey, key } = identify(credentials);
    const prepared = scheme.prepare({
      message,
      accessKey,
      algorithm: key.algorithm,
      time: clock(),
      nonce: nonce(),
      body,
      signedHeaders,
      sessionToken: credentials.sessionToken,
      challenge: options.challenge?.(),
    });
    // Named one by one: copying the object costs a tenth of a signature.
    return {
      stringToSign: prepared.stringToSign,
      target: prepared.target,
      signature: signatureOf(prepared, key),
      headers(signature) {
        const headers = prepared.headers(signature);
        if (contentType) headers['Content-Type'] = contentType;
        return headers;
      },
    };
  }

  return {
    settings,
    async sign(request, known) {
      const draft = await draftOf(request, settings, known?.body);
      const { headers, target, signature } = stagesOf(draft, await provide());
      const made = await signature;
      const signed = withHeaders(request, {
        headers: headers(made),
        fields: scheme.fields,
        method: draft.message.method,
        body: draft.bytes,
      });
      const body = draft.bytes ?? (known?.body ? bytesInMemory(known.body) : undefined);
      return (target && scheme.readdress?.(signed, { target: target(made), body })) || signed;
    },
    headers(parts) {
      const { headers, target, signature } = stagesOf(draftOfParts(parts, scheme), now(provide()));
      if (target) fail('invalid_request', 'The signature goes into the query: use request() or sign().');
      return headers(now(signature));
    },
    request(parts) {
      const draft = draftOfParts(parts, scheme);
      const { headers, target, signature } = stagesOf(draft, now(provide()));
      const made = now(signature);
      const { scheme: protocol, authority, rawTarget } = draft.message;
      return { url: `${protocol}://${authority}${target?.(made) ?? rawTarget}`, headers: headers(made) };
    },
    async explain(request) {
      const draft = 'clone' in request ? await draftOf(request.clone(), settings) : draftOfParts(request, scheme);
      const { stringToSign, headers, target, signature } = stagesOf(draft, await provide());
      const { body, message } = draft;
      const made = await signature;
      return {
        scheme: scheme.name,
        message: { method: message.method, authority: message.authority, target: message.target },
        bodyDigest: body.kind === 'digest' ? hex(body.sha256) : body.kind,
        stringToSign: typeof stringToSign === 'string' ? stringToSign : textOfUtf8(stringToSign),
        headers: headers(made),
        ...(target && { target: target(made) }),
      };
    },
    key: async () => identify(await provide()).key,
  };
}

function signatureOf({ stringToSign, deriveKey }: PreparedSignature, key: SigningKey): Stages['signature'] {
  const data = bytesToSign(stringToSign);
  const own = deriveKey ? deriveKey(key) : key;
  return 'then' in own ? own.then((derived) => derived.sign(data)) : own.sign(data);
}
