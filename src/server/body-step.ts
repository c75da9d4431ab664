import { fail } from '../core/errors.ts';
import { type Eventual, whenThere } from '../core/eventual.ts';
import type { PresentedBody } from '../core/scheme.ts';
import { equalInConstantTime } from '../core/signing-key.ts';
import { sha256OfReceived } from './body-digest.ts';
import type { BodyReader, Bytes } from './received-body.ts';

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
  if (expected) return whenThere(sha256OfReceived(bytes), (sha256) => requireSigned(expected, { length, sha256 }));
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
