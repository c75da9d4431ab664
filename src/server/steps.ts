import { readBody } from '../core/body.ts';
import { sha256OfBody } from '../core/digest.ts';
import { fail, SignatureError } from '../core/errors.ts';
import type { PresentedSignature } from '../core/scheme.ts';
import type { KeyRecord, Limiter, ReplayStore } from './contracts.ts';
import type { ReceivedRequest } from './received.ts';

/**
 * Takes one from the budget of `key`.
 *
 * @throws SignatureError `rate_limited`
 */
export async function withinLimit(limiter: Limiter, key: string): Promise<void> {
  await limiter.consume(key).catch((cause) => {
    fail('rate_limited', 'Too many requests. Try again later.', 429, cause);
  });
}

/**
 * @param time what the request says, in milliseconds, as `now` and `tolerance`.
 * @throws SignatureError `stale_timestamp`, `future_timestamp`
 */
export function requireFresh(
  time: number,
  { now, tolerance }: { readonly now: number; readonly tolerance: number },
): void {
  const age = now - time;
  const describe = (where: string) =>
    `The timestamp is ${Math.round(Math.abs(age) / 1000)} seconds ${where}, ${tolerance / 1000} seconds are tolerated: set the caller's clock.`;
  if (!(age <= tolerance)) fail('stale_timestamp', describe('old'), 401);
  if (!(age >= -tolerance)) fail('future_timestamp', describe('ahead'), 401);
}

export type BodyRules = {
  /** In bytes. */
  readonly maxBodyBytes: number;
  readonly unsignedPayload: boolean;
};

/**
 * Reads the body and holds it against the signed digest.
 *
 * @returns its bytes; undefined where there is none to read, or where it is left unread because it is not signed.
 * @throws SignatureError `unsigned_body`, `body_consumed`, `body_parsed`, `body_too_large`, `body_interrupted`,
 * `missing_body_digest`, `body_digest_mismatch`
 */
export async function requireBody(
  request: Request | ReceivedRequest,
  signed: PresentedSignature['body'],
  { maxBodyBytes, unsignedPayload }: BodyRules,
): Promise<Uint8Array | undefined> {
  if (signed.kind === 'unsigned') {
    return unsignedPayload
      ? undefined
      : fail('unsigned_body', 'The body is not signed, which is not accepted here.', 401);
  }
  const bytes = await bodyOf(request, maxBodyBytes);
  if (signed.kind === 'none') {
    if (bytes?.length) fail('missing_body_digest', 'There is a body, but no signed Content-Digest.', 401);
    return bytes;
  }
  const content = bytes ?? new Uint8Array();
  if (!signed.matches(await sha256OfBody(content))) {
    fail('body_digest_mismatch', `The body received (${content.length} bytes) is not the one that was signed.`, 401);
  }
  return content;
}

type Bytes = Uint8Array | undefined;

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

/**
 * Claims the nonce: the last step that proves a request, because a nonce once claimed is spent.
 *
 * @throws SignatureError `replayed_request`, and `replay_store_full` or `replay_store_unavailable` when it cannot be told.
 */
export async function requireUnseen(
  replay: ReplayStore,
  { accessKey, nonce }: PresentedSignature,
  expiresAt: number,
): Promise<void> {
  let claim: unknown;
  try {
    claim = await replay.claim(accessKey, nonce, expiresAt);
  } catch (cause) {
    if (cause instanceof SignatureError && cause.code === 'replay_store_full') throw cause;
    fail(
      'replay_store_unavailable',
      'It cannot be told now whether the request is a replay. Try again later.',
      503,
      cause,
    );
  }
  if (claim === 'seen') fail('replayed_request', 'This request has been received before: sign each attempt anew.', 401);
  // Whatever else a store answers is no proof of freshness.
  if (claim !== 'fresh') fail('replay_store_unavailable', 'The replay store gave no answer. Try again later.', 503);
}

/**
 * @throws SignatureError `insufficient_scope`
 */
export function requireScope({ scopes = [] }: KeyRecord, scope: string | undefined): void {
  if (scope !== undefined && !scopes.includes(scope)) {
    fail('insufficient_scope', `The key has not the scope ${scope}.`, 403);
  }
}
