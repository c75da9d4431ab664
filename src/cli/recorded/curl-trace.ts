import { Buffer } from 'node:buffer';
import { contentDigest, sha256OfBodySync } from '../../core/digest.ts';
import { fail } from '../../core/errors.ts';
import { parseRawRequest } from './raw-request.ts';
import type { RecordedRequest } from './recorded-request.ts';

const section = /^(?:\d\d:\d\d:\d\d\.\d{6} )?(?:\[[\dx]+-[\dx]+\] )?(=>|<=|==) (\w+(?: SSL)?)[ :](.*)$/;

/** Whether a text is the output of `curl --trace` or `curl --trace-ascii`. */
export const isCurlTrace = (start: string): boolean => /^(?:\S+ ){0,2}== Info: |^(?:\S+ ){0,2}=> Send /.test(start);

/**
 * Parses the output of `curl --trace`, with every byte, or of `curl --trace-ascii`, in which each byte that cannot be printed is a dot.
 *
 * @throws SignatureError `invalid_request`
 */
export function parseCurlTrace(text: string): RecordedRequest {
  const lines = text.split('\n').map((line) => line.replace(/\r$/, ''));
  const { requests, secure } = listMessages(listSent(lines), lines);
  const [message = { head: '', body: '', exact: true }] = requests.slice(-1);
  const request = parseRawRequest(Buffer.from(message.head + message.body, 'latin1'));
  const others = requests.length - 1;
  const doubtful = !message.exact && isDoubtful(request.headers.get('content-digest'), request.body);
  return {
    ...request,
    scheme: secure ? 'https' : 'http',
    ...(doubtful && {
      body: undefined,
      missingBody: 'bytes that --trace-ascii shows as dots (--trace shows them)',
    }),
    ...(others && { passedOver: `${others} earlier ${others === 1 ? 'request' : 'requests'} in the record` }),
  };
}

/** A body with dots is certain only if it is the one whose digest was sent, or if nothing says so. */
function isDoubtful(digest: string | null, body: Uint8Array | undefined): boolean {
  if (!body?.includes(46)) return false;
  return digest !== contentDigest(sha256OfBodySync(body));
}

type Sent = { readonly kind: 'header' | 'data'; readonly text: string; readonly exact: boolean };

/** Lists what was sent, as one character per byte. */
function listSent(lines: readonly string[]): readonly Sent[] {
  const sent: Sent[] = [];
  for (const [place, line] of lines.entries()) {
    const [, direction, verb, what = ''] = section.exec(line) ?? [];
    const [, kind, size] = /^(header|data), (\d+) bytes/.exec(what.trimStart()) ?? [];
    if (direction !== '=>' || verb !== 'Send' || (kind !== 'header' && kind !== 'data')) continue;
    const content = listContent(lines, place + 1);
    const exact = sent[0]?.exact ?? /^(?:[\da-f]{2} ){3}/.test(content[0]?.text ?? '');
    const text = exact ? decodeHexDump(content) : joinText(content, Number(size));
    if (text.length !== Number(size)) wrong(`${size} bytes were sent, and ${text.length} are shown`);
    sent.push({ kind, text, exact });
  }
  return sent;
}

type Content = { readonly offset: number; readonly text: string };

function listContent(lines: readonly string[], start: number): readonly Content[] {
  const content: Content[] = [];
  for (let place = start; place < lines.length; place++) {
    const [, offset, text = ''] = /^([\da-f]{4,8}):(?: (.*))?$/.exec(lines[place] ?? '') ?? [];
    if (offset === undefined) break;
    content.push({ offset: Number.parseInt(offset, 16), text });
  }
  return content;
}

// Sixteen bytes a line, three characters each.
const decodeHexDump = (content: readonly Content[]): string =>
  content.map(({ text }) => Buffer.from(text.slice(0, 48).replace(/ /g, ''), 'hex').toString('latin1')).join('');

/** Lines end at 64 characters, or with a line break of two bytes, which is not shown: the offsets show it. */
function joinText(content: readonly Content[], size: number): string {
  return content
    .map(({ offset, text }, place) => {
      const missing = (content[place + 1]?.offset ?? size) - offset - text.length;
      return missing === 2 ? `${text}\r\n` : text;
    })
    .join('');
}

type Messages = {
  readonly requests: ReadonlyArray<{ readonly head: string; readonly body: string; readonly exact: boolean }>;
  readonly secure: boolean;
};

function listMessages(sent: readonly Sent[], lines: readonly string[]): Messages {
  const requests: Array<{ head: string; body: string; exact: boolean }> = [];
  for (const { kind, text, exact } of sent) {
    const last = requests.at(-1);
    if (kind === 'header') requests.push({ head: text, body: '', exact });
    else if (last) last.body += text;
  }
  const secure = lines.some((line) => /(?:=>|<=) (?:Send|Recv) SSL data|Info: +SSL connection using/.test(line));
  return { requests: requests.filter(({ head }) => !head.startsWith('CONNECT ')), secure };
}

const wrong = (what: string): never => fail('invalid_request', `The trace of curl is incomplete: ${what}.`);
