import { createHash } from 'node:crypto';
import { fail } from '../core/errors.ts';
import { checkBodyDigest, type ExpectedBody } from '../server/verify/body.ts';

/** What a body must be. */
export type ForwardedBodyOptions = {
  /** Undefined where it is not signed, and that is accepted. */
  readonly signed: ExpectedBody | undefined;
  /** In bytes. */
  readonly limit: number;
};

/**
 * The bytes of a body, hashed as they pass. Of all that has come, the last piece is held back, until it is certain that there is
 * no more and that the whole is the one that was signed. So who gets these bytes never has them all before.
 *
 * @throws SignatureError `body_too_large`, `missing_body_digest`, `body_digest_mismatch`, `body_interrupted`
 */
export async function* forwardedBody(
  source: AsyncIterable<Uint8Array>,
  { signed, limit }: ForwardedBodyOptions,
): AsyncGenerator<Uint8Array, void> {
  const hash = signed?.sha256 && createHash('sha256');
  let length = 0;
  let held: Uint8Array | undefined;
  for await (const piece of unbroken(source)) {
    length += piece.length;
    if (length > limit) tooLarge(limit);
    if (signed && !signed.sha256) checkBodyDigest(signed, { length });
    hash?.update(piece);
    if (held) yield held;
    held = piece;
  }
  if (signed) checkBodyDigest(signed, { length, sha256: hash?.digest() });
  if (held) yield held;
}

/** @throws SignatureError `body_too_large` */
export const tooLarge = (limit: number): never =>
  fail('body_too_large', `The body has more than the ${limit} bytes that are passed on here.`, 413);

async function* unbroken(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  try {
    yield* source;
  } catch (cause) {
    fail('body_interrupted', 'The body ended early.', 400, cause);
  }
}

/** The beginning of a body, and whether that is all of it. */
export type Beginning = { readonly pieces: readonly Uint8Array[]; readonly whole: boolean };

/** Reads on until there is so much, in bytes, or the end. */
export async function beginningOf(bytes: AsyncGenerator<Uint8Array, void>, enough: number): Promise<Beginning> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  while (length < enough) {
    const { done, value } = await bytes.next();
    if (done) return { pieces, whole: true };
    pieces.push(value);
    length += value.length;
  }
  return { pieces, whole: false };
}
