import { createHash } from 'node:crypto';
import { fail } from '../core/errors.ts';
import { checkBodyDigest, type ExpectedBody } from '../server/verify/body.ts';

/** The expected body and its maximum size. */
export type ForwardedBodyOptions = {
  /** Undefined if the body is unsigned, and that is accepted. */
  readonly signed: ExpectedBody | undefined;
  /** In bytes. */
  readonly limit: number;
};

/**
 * Yields the bytes of a body and hashes them. The last chunk is held back until the body has ended and matches the signed digest,
 * so that a receiver never has the complete body before it is verified.
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
  for await (const chunk of withInterruption(source)) {
    length += chunk.length;
    if (length > limit) tooLarge(limit);
    if (signed && !signed.sha256) checkBodyDigest(signed, { length });
    hash?.update(chunk);
    if (held) yield held;
    held = chunk;
  }
  if (signed) checkBodyDigest(signed, { length, sha256: hash?.digest() });
  if (held) yield held;
}

/** @throws SignatureError `body_too_large` */
export const tooLarge = (limit: number): never =>
  fail('body_too_large', `The body is larger than ${limit} bytes, the limit of this gateway.`, 413);

async function* withInterruption(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  try {
    yield* source;
  } catch (cause) {
    fail('body_interrupted', 'The body ended early.', 400, cause);
  }
}

/** The first chunks of a body, and whether they are the complete body. */
export type Beginning = { readonly chunks: readonly Uint8Array[]; readonly complete: boolean };

/** Reads until there are `enough` bytes, or the body ends. */
export async function readBeginning(bytes: AsyncGenerator<Uint8Array, void>, enough: number): Promise<Beginning> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  while (length < enough) {
    const { done, value } = await bytes.next();
    if (done) return { chunks, complete: true };
    chunks.push(value);
    length += value.length;
  }
  return { chunks, complete: false };
}
