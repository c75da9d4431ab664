import { Buffer } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { fail } from '../core/errors.ts';
import type { Verified } from '../server/verify/result.ts';
import { endToEndFields, fieldValues, filterFields, type RawFields, withFields } from './forward-fields.ts';

/** An answer whose body is still to come, or here. */
export type BackendResponse = {
  readonly status: number;
  readonly reason: string;
  readonly fields: RawFields;
};

/** The head of a backend's answer, as its caller is to get it. */
export const responseHead = ({ statusCode = 0, statusMessage = '', rawHeaders }: IncomingMessage): BackendResponse => ({
  status: statusCode,
  reason: statusMessage,
  fields: endToEndFields(rawHeaders),
});

/**
 * Passes an answer on as it comes. One that breaks off breaks off for its caller too.
 *
 * @throws whatever has broken it off.
 */
export async function streamResponse(
  incoming: IncomingMessage,
  response: ServerResponse,
  head: BackendResponse,
): Promise<void> {
  response.writeHead(head.status, head.reason, [...head.fields]);
  // A backend may think before it goes on.
  if (!incoming.readableLength && !incoming.complete) response.flushHeaders();
  await pipeline(incoming, response);
}

/** What is needed to sign an answer. */
export type SigningTerms = {
  readonly method: string;
  /** In bytes. */
  readonly limit: number;
  readonly countersign: Verified<unknown>['countersign'];
};

/** An answer, and all of its body. */
export type WholeResponse = BackendResponse & { readonly body: Buffer };

/**
 * Holds an answer until it is whole, and signs it.
 *
 * @throws SignatureError `unsignable_response`, and whatever has broken it off.
 */
export async function signResponse(
  incoming: IncomingMessage,
  head: BackendResponse,
  { method, limit, countersign }: SigningTerms,
): Promise<WholeResponse> {
  if (fieldValues(head.fields, 'content-encoding').some((value) => value.toLowerCase() !== 'identity')) {
    fail('unsignable_response', 'The backend has answered with a content coding, which it was asked not to.', 502);
  }
  const body = await wholeOf(incoming, limit);
  // With these the client reads no body (RFC 9110), and a Response can have none.
  const bodiless = [204, 205, 304].includes(head.status) || !body.length;
  const headers = new Headers();
  for (let i = 0; i < head.fields.length; i += 2) headers.append(head.fields[i] ?? '', head.fields[i + 1] ?? '');
  const plain = new Response(bodiless ? null : new Uint8Array(body), { status: head.status, headers });
  const signed = await countersign(plain);
  // Cookies are listed one by one, and no signature is in one.
  const added = Object.fromEntries(
    [...signed.headers].filter(([name, value]) => name !== 'set-cookie' && headers.get(name) !== value),
  );
  const kept = filterFields(head.fields, (name) => signed.headers.has(name));
  const length =
    method === 'HEAD' || /^[23]04$/.test(String(head.status)) ? {} : { 'Content-Length': String(body.length) };
  return { ...head, fields: withFields(kept, { ...added, ...length }), body };
}

async function wholeOf(incoming: IncomingMessage, limit: number): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of incoming) {
    length += piece.length;
    if (length > limit) {
      fail(
        'unsignable_response',
        `The answer of the backend has more than the ${limit} bytes that are held here.`,
        502,
      );
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
