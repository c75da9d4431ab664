import { Buffer } from 'node:buffer';
import { fail } from '../../core/errors.ts';
import { isCurlOutput, parseCurlOutput } from './curl-output.ts';
import { isCurlTrace, parseCurlTrace } from './curl-trace.ts';
import { parseJsonRecord } from './json-record.ts';
import { isPostmanConsole, parsePostmanConsole } from './postman-console.ts';
import { parseRawRequest, type RawRequest } from './raw-request.ts';

/** A request as a tool has recorded it. */
export type RecordedRequest = RawRequest & {
  /** Undefined if the record does not show it. */
  readonly scheme?: 'http' | 'https' | undefined;
  /** What the record says of a body that it does not contain. @default there is no such body */
  readonly missingBody?: string;
};

/**
 * Parses a request in one of these forms: an HTTP/1.1 message; the output of `curl -v`, `curl --trace` or `curl --trace-ascii`; a HAR
 * file; JSON with `method`, `url`, `headers` and `body`; text from the console of Postman. Of several requests it takes the last one
 * that was refused with 401 or 403, or else the last one.
 *
 * @throws SignatureError `invalid_request` for anything else.
 */
export function parseRecordedRequest(bytes: Uint8Array): RecordedRequest {
  // One character per byte, as Node reads headers. Only JSON is in UTF-8.
  const text = Buffer.from(bytes).toString('latin1');
  const start = text
    .slice(0, 65_536)
    .trimStart()
    .replace(/^\xef\xbb\xbf\s*/, '');
  if (/^[{[]/.test(start)) return parseJsonRecord(decode(bytes));
  // A message comes first, because its body may look like a record.
  if (/^[^\s:>]+ .+ HTTP\/\d(?:\.\d)?\r?$/.test(start.split('\n', 1)[0] ?? '')) return parseRawRequest(bytes);
  if (isCurlTrace(start)) return parseCurlTrace(text);
  if (isCurlOutput(start)) return parseCurlOutput(text);
  if (isPostmanConsole(start)) return parsePostmanConsole(decode(bytes));
  return parseRawRequest(bytes);
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return fail('invalid_request', 'The record of the request is not UTF-8 text.');
  }
}
