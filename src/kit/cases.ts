import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToSign, decodeUtf8, hex, utf8 } from '../core/encoding.ts';
import { fail } from '../core/errors.ts';
import { toMessage } from '../core/message.ts';
import type { Scheme, SignedBody } from '../core/scheme.ts';
import type { KitRequest } from './requests.ts';

/** A case of a kit: a request with everything that its signature depends on, and the result. */
export type KitCase = {
  readonly name: string;
  readonly rule: string;
  readonly method: string;
  readonly url: string;
  readonly headers: KitRequest['headers'];
  /** Text, sent as UTF-8. */
  readonly body: string;
  readonly accessKey: string;
  readonly secret: string;
  /** Seconds since 1970. */
  readonly time: number;
  readonly nonce: string;
  readonly signedHeaders: readonly string[];
  /** The challenge of the server, for schemes that sign one. */
  readonly challenge?: string;
  /** Undefined for a request that a signer must refuse. */
  readonly expected?: {
    /** Undefined for bytes that are no text, such as a raw digest: then in hex. */
    readonly stringToSign?: string;
    readonly stringToSignHex?: string;
    /** The headers that the signer adds. */
    readonly headers: Readonly<Record<string, string>>;
    /** The URL to send. */
    readonly url: string;
  };
};

/** What all cases of a kit have in common. */
export type KitSigning = {
  readonly scheme: Scheme;
  readonly origin: string;
  readonly accessKey: string;
  readonly secret: string;
  /** Whether the scheme signs a challenge of the server. */
  readonly signsChallenge: boolean;
};

/** Midnight UTC at the start of 2026. */
const time = 1_767_225_600;

/** Signs a request of the kit. The nonce depends on the name only, so the result is the same in every run. */
export function signCase(request: KitRequest, signing: KitSigning): KitCase {
  const { scheme, origin, accessKey, secret } = signing;
  const given = describe(request, signing);
  const bytes = utf8(request.body);
  const prepared = scheme.prepare({
    message: toMessage({ method: request.method, url: given.url }, headersOf(request.headers)),
    accessKey,
    algorithm: 'hmac-sha256',
    time: time * 1000,
    nonce: given.nonce,
    body: signedBody(scheme, bytes),
    signedHeaders: scheme.signableHeaders(request.signedHeaders),
    challenge: given.challenge,
  });
  const key = scheme.createKey(secret);
  const own = prepared.deriveKey ? prepared.deriveKey(key) : key;
  const signature = 'then' in own ? own : own.sign(bytesToSign(prepared.stringToSign));
  if ('then' in signature)
    return fail('invalid_configuration', `The scheme ${scheme.name} cannot sign the cases of a kit.`);
  const sent = prepared.target ? `${origin}${prepared.target(signature)}` : given.url;
  return {
    ...given,
    expected: {
      ...showString(bytesToSign(prepared.stringToSign)),
      headers: prepared.headers(signature),
      url: sent,
    },
  };
}

function showString(bytes: Uint8Array): { readonly stringToSign: string } | { readonly stringToSignHex: string } {
  const stringToSign = decodeUtf8(bytes);
  const isText = hex(utf8(stringToSign)) === hex(bytes);
  return isText ? { stringToSign } : { stringToSignHex: hex(bytes) };
}

/** Describes a request that a signer must refuse. */
export const refuseCase = (request: KitRequest, signing: KitSigning): KitCase => describe(request, signing);

function describe(
  { target, ...request }: KitRequest,
  { origin, accessKey, secret, signsChallenge }: KitSigning,
): KitCase {
  const { name, rule, method, headers, body, signedHeaders } = request;
  const nonce = hex(sha256(utf8(`countersign kit ${name}`))).slice(0, 32);
  return {
    ...{ name, rule, method, url: `${origin}${target}`, headers, body },
    ...{ accessKey, secret, time, nonce, signedHeaders },
    ...(signsChallenge && { challenge: 'a-challenge-of-the-server' }),
  };
}

function headersOf(pairs: KitRequest['headers']): Headers {
  const headers = new Headers();
  for (const [name, value] of pairs) headers.append(name, value);
  return headers;
}

function signedBody({ body }: Scheme, bytes: Uint8Array): SignedBody {
  if (!bytes.length || body === 'none') return { kind: 'none' };
  return body === 'bytes' ? { kind: 'bytes', bytes } : { kind: 'digest', sha256: sha256(bytes) };
}
