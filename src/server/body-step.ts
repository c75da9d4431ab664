import { readBody } from '../core/body.ts';
import { sha256OfBody } from '../core/digest.ts';
import { fail } from '../core/errors.ts';
import { type Eventual, whenThere } from '../core/eventual.ts';
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
export type JudgedBody = {
  readonly bytes?: Bytes;
  readonly unread?: UnreadBody | undefined;
  /** What has been read, also where it is not signed: another scheme may have asked for it. */
  readonly carried: Bytes;
};

/** Reads a body, however often it is asked for, once. */
export type BodyReader = {
  read(): Eventual<Bytes>;
  /** What has been read of it, if anything has asked. */
  taken(): Eventual<Bytes>;
};

/**
 * @param limit in bytes.
 * @throws SignatureError (what is returned) `body_consumed`, `body_parsed`, `body_too_large`, `body_interrupted`
 */
export function bodyReader(request: Request | ReceivedRequest, limit: number): BodyReader {
  let asked = false;
  let bytes: Eventual<Bytes>;
  return {
    read() {
      if (!asked) {
        bytes = bodyOf(request, limit);
        asked = true;
      }
      return bytes;
    },
    taken: () => bytes,
  };
}

/**
 * Reads the body and holds it against what was signed, where that is asked for.
 *
 * @throws SignatureError `unsigned_body`, `missing_body_digest`, `body_digest_mismatch`, and what {@link bodyReader} throws.
 */
export function requireBody(body: BodyReader, signed: PresentedBody, rules: BodyRules): Eventual<JudgedBody> {
  const unread = expectedOf(signed);
  if (isLeftOut(signed, rules)) return whenThere(body.taken(), (carried) => ({ carried }));
  if (rules.left && unread) return whenThere(body.taken(), (carried) => ({ unread, carried }));
  return whenThere(body.read(), (bytes) =>
    whenThere(requireMatch(signed, unread, bytes), () => ({ bytes, carried: bytes })),
  );
}

function isLeftOut({ kind }: PresentedBody, { unsignedPayload, uncovered }: BodyRules): boolean {
  if (kind !== 'unsigned' && kind !== 'uncovered') return false;
  if (!(kind === 'unsigned' ? unsignedPayload : uncovered)) {
    fail('unsigned_body', 'The body is not signed, which is not accepted here.', 401);
  }
  return true;
}

function requireMatch(signed: PresentedBody, expected: UnreadBody | undefined, received: Bytes): Eventual<void> {
  if (expected && !expected.sha256) return requireSigned(expected, { length: received?.length ?? 0 });
  const bytes = received ?? new Uint8Array();
  const { length } = bytes;
  if (expected) return whenThere(sha256OfBody(bytes), (sha256) => requireSigned(expected, { length, sha256 }));
  if (signed.kind !== 'bytes') return undefined;
  return whenThere(signed.matches(bytes), (matches) => (matches ? undefined : mismatch(length)));
}

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

function bodyOf(request: Request | ReceivedRequest, limit: number): Eventual<Bytes> {
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
