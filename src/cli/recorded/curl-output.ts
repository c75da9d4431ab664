import { parseHead } from './raw-request.ts';
import type { RecordedRequest } from './recorded-request.ts';

const requestLine = /^> [^\s:]+ \S.* HTTP\/\d(?:\.\d)?$/;

/** Whether a text is the output of `curl -v`. */
export const isCurlOutput = (start: string): boolean => start.split('\n').some((line) => requestLine.test(plain(line)));

/**
 * Parses the output of `curl -v`, which shows no bodies.
 *
 * @throws SignatureError `invalid_request`
 */
export function parseCurlOutput(text: string): RecordedRequest {
  const lines = text.split('\n').map(plain);
  const requests = listRequests(lines);
  const request = requests.at(-1) ?? [];
  const head = parseHead(request.map((line) => line.slice(2)));
  const others = requests.length - 1;
  const missing = describeBody(head.headers);
  return {
    ...head,
    body: undefined,
    scheme: readScheme(lines),
    ...(missing !== undefined && { missingBody: missing }),
    ...(others && { passedOver: `${others} earlier ${others === 1 ? 'request' : 'requests'} in the record` }),
  };
}

/** Removes the line end, and the time and connection that `--trace-time` and `--trace-ids` put first. */
const plain = (line: string): string =>
  line.replace(/\r$/, '').replace(/^(?:\d\d:\d\d:\d\d\.\d{6} )?(?:\[[\dx]+-[\dx]+\] )?(?=[*<>{}] |[<>]$)/, '');

/** Lists the heads of all requests but those that open a tunnel through a proxy. */
function listRequests(lines: readonly string[]): ReadonlyArray<readonly string[]> {
  const requests: string[][] = [];
  let current: string[] | undefined;
  for (const line of lines) {
    if (requestLine.test(line)) {
      current = [line];
      if (!line.startsWith('> CONNECT ')) requests.push(current);
    } else if (/^>\s*$/.test(line)) current = undefined;
    else if (line.startsWith('> ')) current?.push(line);
  }
  return requests;
}

function describeBody(headers: RecordedRequest['headers']): string | undefined {
  const length = headers.get('content-length');
  if (headers.get('transfer-encoding') !== null) return 'a body of unknown length';
  return length === null || Number(length) === 0 ? undefined : `a body of ${Number(length)} bytes`;
}

function readScheme(lines: readonly string[]): RecordedRequest['scheme'] {
  if (lines.some((line) => /^\* +(?:SSL connection using|Server certificate|\S+ \(\w+\), TLS)/.test(line)))
    return 'https';
  return lines.some((line) => /^\* +(?:Connected to|Established connection)/.test(line)) ? 'http' : undefined;
}
