import { Buffer } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { fail } from '../core/errors.ts';
import type { Verified } from '../server/verify/result.ts';
import { endToEndFields, fieldValues, filterFields, type RawFields, withFields } from './forward-fields.ts';

/** A response whose body is not included. */
export type BackendResponse = {
  readonly status: number;
  readonly reason: string;
  readonly fields: RawFields;
};

/** The head of the backend's response, for the caller. */
export const responseHead = ({ statusCode = 0, statusMessage = '', rawHeaders }: IncomingMessage): BackendResponse => ({
  status: statusCode,
  reason: statusMessage,
  fields: endToEndFields(rawHeaders),
});

/**
 * Streams a response to the caller. If it is interrupted, the caller's connection is interrupted too.
 *
 * @throws the error that interrupted it.
 */
export async function streamResponse(
  incoming: IncomingMessage,
  response: ServerResponse,
  head: BackendResponse,
): Promise<void> {
  response.writeHead(head.status, head.reason, [...head.fields]);
  // The backend may take a while to send the body.
  if (!incoming.readableLength && !incoming.complete) response.flushHeaders();
  await pipeline(incoming, response);
}

/** What is needed to sign a response. */
export type SigningTerms = {
  readonly method: string;
  /** In bytes. */
  readonly limit: number;
  readonly countersign: Verified<unknown>['countersign'];
};

/** A response with its complete body. */
export type WholeResponse = BackendResponse & { readonly body: Buffer };

/**
 * Buffers a response and signs it.
 *
 * @throws SignatureError `unsignable_response`, and the error that interrupted the response.
 */
export async function signResponse(
  incoming: IncomingMessage,
  head: BackendResponse,
  { method, limit, countersign }: SigningTerms,
): Promise<WholeResponse> {
  if (fieldValues(head.fields, 'content-encoding').some((value) => value.toLowerCase() !== 'identity')) {
    fail('unsignable_response', 'The backend sent a content coding, although the gateway asked for identity.', 502);
  }
  const body = await readAll(incoming, limit);
  // The client reads no body with these statuses (RFC 9110), and the constructor of Response refuses one.
  const bodiless = [204, 205, 304].includes(head.status) || !body.length;
  const headers = new Headers();
  for (let i = 0; i < head.fields.length; i += 2) headers.append(head.fields[i] ?? '', head.fields[i + 1] ?? '');
  const signed = await signPlain(() => {
    const plain = new Response(bodiless ? null : new Uint8Array(body), { status: head.status, headers });
    return countersign(plain);
  });
  // Headers lists cookies separately, and no signature is carried in one.
  const added = Object.fromEntries(
    [...signed.headers].filter(([name, value]) => name !== 'set-cookie' && headers.get(name) !== value),
  );
  const kept = filterFields(head.fields, (name) => signed.headers.has(name));
  const length =
    method === 'HEAD' || /^[23]04$/.test(String(head.status)) ? {} : { 'Content-Length': String(body.length) };
  return { ...head, fields: withFields(kept, { ...added, ...length }), body };
}

/** Refuses what a backend may send and no caller could check, such as the status 600, or a Location that is not ASCII. */
async function signPlain(sign: () => Promise<Response>): Promise<Response> {
  try {
    return await sign();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : 'No scheme can sign it.';
    return fail('unsignable_response', `The backend's response cannot be signed. ${reason}`, 502, cause);
  }
}

async function readAll(incoming: IncomingMessage, limit: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of incoming) {
    length += chunk.length;
    if (length > limit) {
      fail(
        'unsignable_response',
        `The backend's response is larger than ${limit} bytes, which is the limit for signing.`,
        502,
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
