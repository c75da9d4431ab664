import { fail } from '../core/errors.ts';
import { headerView } from '../node/received.ts';
import type { ReceivedRequest } from '../server/verify/message.ts';

/** A request as it stood in a file. */
export type RawRequest = {
  readonly method: string;
  /** Of the Host field. */
  readonly authority: string;
  readonly target: string;
  readonly headers: ReceivedRequest['headers'];
  /** Undefined where there is none. */
  readonly body: Uint8Array | undefined;
  /** What of the file did not go into the request, in words. @default nothing */
  readonly passedOver?: string;
};

/**
 * Reads an HTTP/1.1 request message (RFC 9112), with CRLF or LF. A body is as long as `Content-Length` says, or in chunks;
 * without either it is all that follows, if that is more than line breaks.
 *
 * @throws SignatureError `invalid_request` for what is no such message.
 */
export function parseRawRequest(bytes: Uint8Array): RawRequest {
  const { lines, rest } = headOf(bytes);
  const [requestLine = '', ...fields] = lines;
  const [, method, target] = /^([^\s:]+) (.+) HTTP\/\d(?:\.\d)?$/.exec(requestLine) ?? [];
  if (method === undefined || target === undefined) {
    return wrong('it must begin with a line such as POST /v1/orders HTTP/1.1, as it was received');
  }
  const headers = headerView(fields.flatMap((line, place) => fieldIn(line, place + 2)));
  return { method, target, authority: headers.get('host') ?? '', headers, ...bodyOf(headers, rest) };
}

type Head = { readonly lines: readonly string[]; readonly rest: Uint8Array };

function headOf(bytes: Uint8Array): Head {
  const lines: string[] = [];
  let start = 0;
  while (start < bytes.length) {
    const end = bytes.indexOf(10, start);
    const stop = end < 0 ? bytes.length : end;
    // Each byte a character, as Node reads headers.
    const line = latin1(bytes.subarray(start, stop)).replace(/\r$/, '');
    start = stop + 1;
    if (line === '' && lines.length) break;
    if (line !== '') lines.push(line);
  }
  return { lines, rest: bytes.subarray(start) };
}

function fieldIn(line: string, number: number): readonly string[] {
  const header = parseHeaderLine(line);
  return header ? [header.name, header.value] : wrong(`line ${number} is no header`);
}

function bodyOf(headers: ReceivedRequest['headers'], rest: Uint8Array): Pick<RawRequest, 'body' | 'passedOver'> {
  if (/\bchunked$/i.test(headers.get('transfer-encoding') ?? '')) return { body: unchunked(rest) };
  const length = headers.get('content-length');
  if (length === null) {
    const blank = rest.every((byte) => byte === 13 || byte === 10);
    return { body: blank ? undefined : rest };
  }
  if (!/^\d{1,15}$/.test(length)) return wrong('its Content-Length is no number');
  const count = Number(length);
  if (rest.length < count) return wrong(`its body has ${rest.length} bytes, and Content-Length says ${count}`);
  const more = rest.length - count;
  return {
    body: count ? rest.subarray(0, count) : undefined,
    ...(more && { passedOver: `${more} bytes after the body, which Content-Length leaves out` }),
  };
}

/** RFC 9112 section 7.1; extensions and trailers are passed over. */
function unchunked(rest: Uint8Array): Uint8Array {
  const chunks: Uint8Array[] = [];
  let start = 0;
  for (;;) {
    const end = rest.indexOf(10, start);
    const [, size] =
      /^([\da-f]{1,8})[\t ]*(?:;.*)?\r?$/i.exec(latin1(rest.subarray(start, Math.max(end, start)))) ?? [];
    if (end < 0 || size === undefined) return wrong('its chunks are broken off or malformed');
    const length = Number.parseInt(size, 16);
    if (!length) return new Uint8Array(Buffer.concat(chunks));
    const chunk = rest.subarray(end + 1, end + 1 + length);
    const after = latin1(rest.subarray(end + 1 + length, end + 3 + length));
    if (chunk.length < length || !/^\r?\n/.test(after)) return wrong('its chunks are broken off or malformed');
    chunks.push(chunk);
    start = end + 1 + length + (after.startsWith('\r') ? 2 : 1);
  }
}

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

const wrong = (what: string): never => fail('invalid_request', `This is no HTTP/1.1 request message: ${what}.`);

/** A header as it is written in a line: `Accept: text/plain`. */
export type HeaderLine = { readonly name: string; readonly value: string };

/**
 * A line as a header, without the blanks around its value (RFC 9112 section 5); undefined for what is none. The blanks are not
 * looked for by an expression, which begins anew at each of thousands of them.
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
