import { hrefOf } from '../core/address.ts';
import type { Credentials, Secret } from '../core/credentials.ts';
import { sha256OfBody, sha256OfBodySync } from '../core/digest.ts';
import { hex, utf8ToSign } from '../core/encoding.ts';
import { fail } from '../core/errors.ts';
import { type HeaderView, type Message, messageOf } from '../core/message.ts';
import type { PreparedSignature, SignedBody, SigningScheme } from '../core/scheme.ts';
import type { SigningKey } from '../core/signing-key.ts';
import { allowSecretInBrowser, allowUnsignedPayload } from '../core/switches.ts';
import { signCountersignV1 } from '../schemes/countersign-v1-sign.ts';
import { type Body, bytesInMemory, defaultContentType, readToSign } from './body.ts';
import { type CredentialsProvider, identities } from './identity.ts';
import { randomNonce } from './nonce.ts';
import { mayHaveBody, refuseUnsendable, withHeaders } from './request.ts';

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
  /** How many bytes of a body are read into memory to be hashed. @default 67108864 (64 MiB) */
  readonly maxBodyBytes?: number;
  readonly [allowUnsignedPayload]?: true;
  readonly [allowSecretInBrowser]?: true;
};

/** A request described by values. */
export type RequestParts = {
  /** @default 'GET' */
  readonly method?: string;
  readonly url: string | URL;
  readonly headers?: NonNullable<RequestInit['headers']> | HeaderView;
  readonly body?: Body;
};

/** What a signature was made of, by stage: what to compare when two sides disagree. Holds no secret. */
export type Explanation = {
  readonly scheme: string;
  readonly message: Pick<Message, 'method' | 'authority' | 'target'>;
  /** SHA-256 of the body in hex, or `unsigned`, `declared` (by the caller's own header), `none`. */
  readonly bodyDigest: string;
  readonly stringToSign: string;
  readonly headers: Readonly<Record<string, string>>;
};

/** What a caller knows of a request beside the request itself. */
export type SignOptions = {
  /**
   * The text, bytes or URLSearchParams that the request was made from, where the caller still has them: then
   * the request itself is not read, and its headers are set in place.
   */
  readonly body?: Body;
};

/** What was decided when a signer was made, for code that prepares requests for it. */
export type SignerSettings = {
  readonly scheme: SigningScheme;
  /** In bytes. */
  readonly maxBodyBytes: number;
  readonly unsignedPayload: boolean;
};

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
   * asynchronous provider, and a Blob, FormData or stream.
   */
  headers(parts: RequestParts): Record<string, string>;
  /** Signs, and tells each stage by name. Takes a clone of a Request. */
  explain(request: Request | RequestParts): Promise<Explanation>;
  /** The key that requests are signed with now, to check countersignatures with. */
  key(): Promise<SigningKey>;
};

type Draft = {
  readonly message: Message;
  readonly body: SignedBody;
  /** What was read of a Request's body, to be sent in its stead. */
  readonly bytes?: Uint8Array | undefined;
  /** The content type that goes with a body, where the caller gave none. */
  readonly contentType?: string | undefined;
};
type Stages = Pick<PreparedSignature, 'stringToSign'> & {
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
  const unsignedPayload = !!options[allowUnsignedPayload];
  const identify = identities({ scheme, clock, secretInBrowser: !!options[allowSecretInBrowser] });
  const given = options.credentials ?? (options as Credentials);
  const provide = typeof given === 'function' ? given : () => given;
  if (given !== provide) identify(given as Credentials);

  function stagesOf({ message, body, contentType }: Draft, credentials: Credentials): Stages {
    const { accessKey, key } = identify(credentials);
    const prepared = scheme.prepare({ message, accessKey, time: clock(), nonce: nonce(), body, signedHeaders });
    return {
      stringToSign: prepared.stringToSign,
      signature: key.sign(utf8ToSign(prepared.stringToSign)),
      headers(signature) {
        const headers = prepared.headers(signature);
        if (contentType) headers['Content-Type'] = contentType;
        return headers;
      },
    };
  }

  // Where there is no body, a digest beside an older signature belongs to that.
  const declares = (headers: Headers, bodiless: boolean): boolean =>
    scheme.declaresBody(headers) && !(bodiless && headers.has(scheme.fields[0] ?? ''));

  async function draftOf(request: Request, known?: Body): Promise<Draft> {
    const message = messageOf(request, request.headers);
    refuseUnsendable(message);
    const inMemory = known ? bytesInMemory(known) : undefined;
    if (inMemory?.length) return { message, body: await digested(inMemory) };
    if (!inMemory && request.bodyUsed)
      fail('body_consumed', 'The body has been read already: sign a request before it is read or sent.');
    const bodiless = inMemory !== undefined || !mayHaveBody(request);
    if (declares(request.headers, bodiless)) return { message, body: declared };
    if (bodiless) return { message, body: none };
    if (unsignedPayload) return { message, body: { kind: 'unsigned' } };
    const bytes = await readToSign(request, maxBodyBytes);
    return { message, body: await digested(bytes), bytes };
  }

  return {
    settings: { scheme, maxBodyBytes, unsignedPayload },
    async sign(request, known) {
      const draft = await draftOf(request, known?.body);
      const { headers, signature } = stagesOf(draft, await provide());
      return withHeaders(request, {
        headers: headers(await signature),
        fields: scheme.fields,
        method: draft.message.method,
        body: draft.bytes,
      });
    },
    headers(parts) {
      const { headers, signature } = stagesOf(draftOfParts(parts, scheme), now(provide()));
      return headers(now(signature));
    },
    async explain(request) {
      const draft = 'clone' in request ? await draftOf(request.clone()) : draftOfParts(request, scheme);
      const { stringToSign, headers, signature } = stagesOf(draft, await provide());
      const { body, message } = draft;
      return {
        scheme: scheme.name,
        message: { method: message.method, authority: message.authority, target: message.target },
        bodyDigest: body.kind === 'digest' ? hex(body.sha256) : body.kind,
        stringToSign,
        headers: headers(await signature),
      };
    },
    key: async () => identify(await provide()).key,
  };
}

// An empty body cannot be told from none on the wire, so neither has a digest.
const none: SignedBody = { kind: 'none' };
const declared: SignedBody = { kind: 'declared' };
const digested = async (bytes: Uint8Array): Promise<SignedBody> =>
  bytes.length ? { kind: 'digest', sha256: await sha256OfBody(bytes) } : none;

const noHeaders: HeaderView = { get: () => null };

function draftOfParts({ method = 'GET', url, headers: fields, body }: RequestParts, scheme: SigningScheme): Draft {
  const bytes = now(bytesInMemory(body));
  const given = !fields ? noHeaders : 'get' in fields ? (fields as HeaderView) : new Headers(fields);
  const contentType = given.get('content-type') === null ? defaultContentType(body) : undefined;
  const headers = contentType
    ? { get: (name: string) => (name === 'content-type' ? contentType : given.get(name)) }
    : given;
  return {
    message: messageOf({ method, url: hrefOf(url) }, headers),
    body: bytes.length
      ? { kind: 'digest', sha256: sha256OfBodySync(bytes) }
      : scheme.declaresBody(given)
        ? declared
        : none,
    contentType,
  };
}

function now<Value extends object>(value: Value | Promise<Value> | undefined): Value {
  if (!value || 'then' in value)
    fail('async_required', 'A CryptoKey, a provider, a Blob, form or stream takes sign(), headers() answers at once.');
  return value;
}
