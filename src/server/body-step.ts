import { readBody } from '../core/body.ts';
import { sha256OfBody } from '../core/digest.ts';
import { fail } from '../core/errors.ts';
import type { PresentedBody } from '../core/scheme.ts';
import { equalInConstantTime } from '../core/signing-key.ts';
import type { ReceivedRequest } from './received.ts';

type Bytes = Uint8Array | undefined;

/** Which bodies may be left out of a signature, and which unread. */
export type BodyRules = {
  readonly unsignedPayload: boolean;
  /** Whether the provider has named the finding `body-unsigned`. */
  readonly uncovered: boolean;
  /** Whether a body of which the digest is signed is left for others to check. */
  readonly left: boolean;
};

/** What a body must be that was left unread, and that nobody has checked. */
export type UnreadBody = {
  /** The SHA-256 that is signed; undefined where there must be no body. */
  readonly sha256: Uint8Array | undefined;
};

/** What is known of a body: its bytes, where there are any and they were read, or else what they must be. */
export type JudgedBody = { readonly bytes?: Bytes; readonly unread?: UnreadBody };

/** Reads a body, however often it is asked for, once. */
export type BodyReader = {
  (): Bytes | Promise<Bytes>;
  /** What has been read of it, if anything has asked. */
  taken(): Bytes | Promise<Bytes>;
};

/**
 * @param limit in bytes.
 * @throws SignatureError (what is returned) `body_consumed`, `body_parsed`, `body_too_large`, `body_interrupted`
 */
export function bodyReader(request: Request | ReceivedRequest, limit: number): BodyReader {
  let read: { readonly bytes: Bytes | Promise<Bytes> } | undefined;
  const reader = () => {
    read ??= { bytes: bodyOf(request, limit) };
    return read.bytes;
  };
  return Object.assign(reader, { taken: () => read?.bytes });
}

/**
 * Reads the body and holds it against what was signed, where that is asked for.
 *
 * @throws SignatureError `unsigned_body`, `missing_body_digest`, `body_digest_mismatch`, and what {@link bodyReader} throws.
 */
export async function requireBody(
  read: BodyReader,
  signed: PresentedBody,
  { unsignedPayload, uncovered, left }: BodyRules,
): Promise<JudgedBody> {
  if (signed.kind === 'unsigned') return unsignedPayload ? {} : unsigned();
  if (signed.kind === 'uncovered') return uncovered ? {} : unsigned();
  const expected = expectedOf(signed);
  if (left && expected) return { unread: expected };
  const bytes = await read();
  await requireMatch(signed, expected, bytes ?? new Uint8Array());
  return { bytes };
}

async function requireMatch(signed: PresentedBody, expected: UnreadBody | undefined, bytes: Uint8Array): Promise<void> {
  const { length } = bytes;
  if (expected) requireSigned(expected, { length, sha256: expected.sha256 && (await sha256OfBody(bytes)) });
  else if (signed.kind === 'bytes' && !(await signed.matches(bytes))) mismatch(length);
}

const unsigned = (): never => fail('unsigned_body', 'The body is not signed, which is not accepted here.', 401);

function expectedOf(signed: PresentedBody): UnreadBody | undefined {
  if (signed.kind === 'none') return { sha256: undefined };
  if (signed.kind !== 'digest') return undefined;
  return signed.sha256.length === 32
    ? { sha256: signed.sha256 }
    : fail('body_digest_mismatch', 'The digest that was signed is of no body.', 401);
}

/** A body as it was received. */
export type ReceivedBody = {
  /** In bytes. */
  readonly length: number;
  /** Undefined where nobody has asked for it: where there must be no body. */
  readonly sha256?: Uint8Array | undefined;
};

/**
 * Holds a body against what was signed of it.
 *
 * @throws SignatureError `missing_body_digest`, `body_digest_mismatch`
 */
export function requireSigned(signed: UnreadBody, { length, sha256 }: ReceivedBody): void {
  if (!signed.sha256) {
    if (length) fail('missing_body_digest', 'There is a body, but no signed digest of it.', 401);
  } else if (!sha256 || !equalInConstantTime(signed.sha256, sha256)) mismatch(length);
}

const mismatch = (length: number): never =>
  fail('body_digest_mismatch', `The body received (${length} bytes) is not the one that was signed.`, 401);

function bodyOf(request: Request | ReceivedRequest, limit: number): Bytes | Promise<Bytes> {
  const { body } = request;
  if ('bodyUsed' in request && request.bodyUsed) {
    fail('body_consumed', 'Something has read the body before it was verified. Verify first, parse later.', 500);
  }
  if (body === null || body === undefined) return undefined;
  if (Number(request.headers.get('content-length')) > limit) tooLarge(limit);
  if (body instanceof Uint8Array) return body.length > limit ? tooLarge(limit) : body;
  if (typeof body !== 'object' || !('getReader' in body)) {
    return fail('body_parsed', 'The body was parsed before it was verified. Hand in the bytes as received.', 500);
  }
  if (body.locked) fail('body_consumed', 'Something is reading the body. Verify first, parse later.', 500);
  return readReceived(
    'arrayBuffer' in request ? request : new Response(body as ReadableStream<BufferSource & Uint8Array>),
    limit,
  );
}

async function readReceived(source: Request | Response, limit: number): Promise<Uint8Array> {
  const bytes = await readBody(source, limit).catch((cause) =>
    fail('body_interrupted', 'The body ended early.', 400, cause),
  );
  return bytes ?? tooLarge(limit);
}

const tooLarge = (limit: number): never =>
  fail('body_too_large', `The body has more than the ${limit} bytes accepted here.`, 413);
