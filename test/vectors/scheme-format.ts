import {
  cavage12,
  defineScheme,
  presign,
  rfc9421,
  type Scheme,
  signedLinks,
  sigv4,
  standardWebhooks,
} from 'countersign/schemes';
import { sha256OfBodySync } from '../../src/core/digest.ts';
import { toMessage } from '../../src/core/message.ts';
import type { SignatureInput, SignedBody } from '../../src/core/scheme.ts';
import { type Bytes, bytesOf, type Pairs } from './format.ts';

/** Which scheme, and with which options, as JSON. */
export type SchemeChoice = { readonly made: keyof typeof makers; readonly options: object };

/** A request signed by one scheme, stage by stage. */
export type SchemeCase = {
  readonly name: string;
  readonly scheme: SchemeChoice;
  readonly accessKey: string;
  readonly secret: string;
  readonly sessionToken?: string;
  /** Seconds since the epoch. */
  readonly time: number;
  readonly nonce: string;
  readonly request: {
    readonly method: string;
    /** As the URL Standard serialises it. */
    readonly url: string;
    readonly headers: Pairs;
    readonly body?: Bytes;
  };
  readonly stages: {
    /** As text where it is UTF-8, else in base64. */
    readonly stringToSign: Bytes;
    readonly headers: Pairs;
    /** Path and query to send, where the signature is in them. */
    readonly target?: string;
  };
};

/** Whether verifiers refuse the request, because S3 signs another path alike. Signers make it as it is. */
export const isSignedLikeAnother = ({ scheme: { options }, request: { url } }: Draft): boolean =>
  (options as { readonly service?: string }).service === 's3' && /^[^?]*(?:%2F|\+)/.test(url);

type Draft = Pick<SchemeCase, 'scheme' | 'request'>;

export type SchemeVectors = { readonly about: readonly string[]; readonly cases: readonly SchemeCase[] };

const makers = { cavage12, rfc9421, sigv4, presign, signedLinks, standardWebhooks, defineScheme } as const;

/** The scheme of a case. Its options come from a JSON file, so their types are not known here. */
export const schemeOf = ({ made, options }: SchemeChoice): Scheme =>
  (makers[made] as (given: object) => Scheme)(options);

export function bodyOf({ body }: Pick<Scheme, 'body'>, bytes: Uint8Array): SignedBody {
  if (!bytes.length || body === 'none') return { kind: 'none' };
  return body === 'bytes' ? { kind: 'bytes', bytes } : { kind: 'digest', sha256: sha256OfBodySync(bytes) };
}

/** Header fields as a signer or verifier sees them, in runtimes without a `Headers` too. */
export function fieldsOf(pairs: Pairs): {
  get(name: string): string | null;
  keys(): Iterable<string>;
  lines(name: string): readonly string[];
} {
  const lines = (name: string) =>
    pairs.filter(([field]) => field.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
  return {
    get: (name) => (lines(name).length ? lines(name).join(', ') : null),
    keys: () => new Set(pairs.map(([field]) => field.toLowerCase())),
    lines,
  };
}

export const inputOf = (
  { accessKey, sessionToken, time, nonce, request: { method, url, headers, body } }: Omit<SchemeCase, 'stages'>,
  scheme: Scheme,
): SignatureInput => ({
  message: toMessage({ method, url }, fieldsOf(headers)),
  accessKey,
  time: time * 1000,
  nonce,
  body: bodyOf(scheme, bytesOf(body)),
  signedHeaders: scheme.signableHeaders([]),
  algorithm: 'hmac-sha256',
  sessionToken,
});
