import { readBody } from '../core/body.ts';
import { sha256OfBody } from '../core/digest.ts';
import { fail } from '../core/errors.ts';
import type { PresentedBody } from '../core/scheme.ts';
import type { ReceivedRequest } from './received.ts';

type Bytes = Uint8Array | undefined;

/** Which bodies may be left out of a signature. */
export type BodyRules = {
  readonly unsignedPayload: boolean;
  /** Whether the provider has named the finding `body-unsigned`. */
  readonly uncovered: boolean;
};

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
 * Reads the body and holds it against what was signed.
 *
 * @returns its bytes; undefined where there is none to read, or where it is left unread because it is not signed.
 * @throws SignatureError `unsigned_body`, `missing_body_digest`, `body_digest_mismatch`, and what {@link bodyReader} throws.
 */
export async function requireBody(
  read: BodyReader,
  signed: PresentedBody,
  { unsignedPayload, uncovered }: BodyRules,
): Promise<Bytes> {
  if (signed.kind === 'unsigned' || signed.kind === 'uncovered') {
    return (signed.kind === 'unsigned' ? unsignedPayload : uncovered)
      ? undefined
      : fail('unsigned_body', 'The body is not signed, which is not accepted here.', 401);
  }
  const bytes = await read();
  if (signed.kind === 'signed') return bytes;
  if (signed.kind === 'none') {
    if (bytes?.length) fail('missing_body_digest', 'There is a body, but no signed digest of it.', 401);
    return bytes;
  }
  const content = bytes ?? new Uint8Array();
  const fits = signed.kind === 'digest' ? signed.matches(await sha256OfBody(content)) : await signed.matches(content);
  if (!fits) {
    fail('body_digest_mismatch', `The body received (${content.length} bytes) is not the one that was signed.`, 401);
  }
  return content;
}

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
