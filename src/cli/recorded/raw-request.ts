import { fail } from '../../core/errors.ts';
import { headerView } from '../../node/received.ts';
import type { ReceivedRequest } from '../../server/verify/message.ts';

/** A request that was read from a file. */
export type RawRequest = {
  readonly method: string;
  /** The value of the Host field. */
  readonly authority: string;
  readonly target: string;
  readonly headers: ReceivedRequest['headers'];
  /** Undefined if there is none. */
  readonly body: Uint8Array | undefined;
  /** Describes the part of the file that is not part of the request. @default nothing */
  readonly passedOver?: string;
};

/**
 * Parses an HTTP/1.1 request message (RFC 9112), with CRLF or LF. The body has the length of `Content-Length`, or is chunked. Without
 * either it is the rest of the file, unless that is only line breaks.
 *
 * @throws SignatureError `invalid_request` for anything else.
 */
export function parseRawRequest(bytes: Uint8Array): RawRequest {
  const { lines, rest } = headOf(bytes);
  const head = parseHead(lines);
  return { ...head, ...bodyOf(head.headers, rest) };
}

/**
 * Parses the request line and the header lines of a message.
 *
 * @throws SignatureError `invalid_request`
 */
export function parseHead(lines: readonly string[]): Omit<RawRequest, 'body'> {
  const [requestLine = '', ...fields] = lines;
  const [, method, target] = /^([^\s:]+) (.+) HTTP\/\d(?:\.\d)?$/.exec(requestLine) ?? [];
  if (method === undefined || target === undefined) {
    return wrong('the first line must look like POST /v1/orders HTTP/1.1');
  }
  const headers = headerView(fields.flatMap((line, place) => fieldIn(line, place + 2)));
  return { method, target, authority: headers.get('host') ?? '', headers };
}

type Head = { readonly lines: readonly string[]; readonly rest: Uint8Array };

function headOf(bytes: Uint8Array): Head {
  const lines: string[] = [];
  let start = 0;
  while (start < bytes.length) {
    const end = bytes.indexOf(10, start);
    const stop = end < 0 ? bytes.length : end;
    // One character per byte, as Node reads headers.
    const line = latin1(bytes.subarray(start, stop)).replace(/\r$/, '');
    start = stop + 1;
    if (line === '' && lines.length) break;
    if (line !== '') lines.push(line);
  }
  return { lines, rest: bytes.subarray(start) };
}

function fieldIn(line: string, number: number): readonly string[] {
  const header = parseHeaderLine(line);
  return header ? [header.name, header.value] : wrong(`line ${number} is not a header`);
}

function bodyOf(headers: ReceivedRequest['headers'], rest: Uint8Array): Pick<RawRequest, 'body' | 'passedOver'> {
  if (/\bchunked$/i.test(headers.get('transfer-encoding') ?? '')) return { body: unchunked(rest) };
  const length = headers.get('content-length');
  if (length === null) {
    const blank = rest.every((byte) => byte === 13 || byte === 10);
    return { body: blank ? undefined : rest };
  }
  if (!/^\d{1,15}$/.test(length)) return wrong('Content-Length is not a number');
  const count = Number(length);
  if (rest.length < count) return wrong(`the body has ${rest.length} bytes, but Content-Length is ${count}`);
  const more = rest.length - count;
  return {
    body: count ? rest.subarray(0, count) : undefined,
    ...(more && {
      passedOver: `${more} ${more === 1 ? 'byte' : 'bytes'} after the end of the body according to Content-Length`,
    }),
  };
}

/** Decodes a chunked body (RFC 9112 section 7.1). Extensions and trailers are ignored. */
function unchunked(rest: Uint8Array): Uint8Array {
  const chunks: Uint8Array[] = [];
  let start = 0;
  for (;;) {
    const end = rest.indexOf(10, start);
    const [, size] =
      /^([\da-f]{1,8})[\t ]*(?:;.*)?\r?$/i.exec(latin1(rest.subarray(start, Math.max(end, start)))) ?? [];
    if (end < 0 || size === undefined) return wrong('the chunks are incomplete or malformed');
    const length = Number.parseInt(size, 16);
    if (!length) return new Uint8Array(Buffer.concat(chunks));
    const chunk = rest.subarray(end + 1, end + 1 + length);
    const after = latin1(rest.subarray(end + 1 + length, end + 3 + length));
    if (chunk.length < length || !/^\r?\n/.test(after)) return wrong('the chunks are incomplete or malformed');
    chunks.push(chunk);
    start = end + 1 + length + (after.startsWith('\r') ? 2 : 1);
  }
}

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

const wrong = (what: string): never => fail('invalid_request', `This is not an HTTP/1.1 request message: ${what}.`);

/** A header line: `Accept: text/plain`. */
export type HeaderLine = { readonly name: string; readonly value: string };

/**
 * Parses a header line, without whitespace around the value (RFC 9112 section 5); undefined if it is not one. Trimmed without a regular
 * expression, which would take quadratic time on long runs of spaces.
 */
export function parseHeaderLine(line: string): HeaderLine | undefined {
  const [, name, value] = /^([\w!#$%&'*+.^`|~-]+):(.*)$/s.exec(line) ?? [];
  return name === undefined || value === undefined ? undefined : { name, value: withoutBlanks(value) };
}

function withoutBlanks(text: string): string {
  let [start, end] = [0, text.length];
  while (isBlank(text[start])) start += 1;
  while (end > start && isBlank(text[end - 1])) end -= 1;
  return text.slice(start, end);
}

const isBlank = (character: string | undefined): boolean => character === ' ' || character === '\t';
