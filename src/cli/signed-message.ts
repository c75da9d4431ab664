import { decodeUtf8, utf8 } from '../core/encoding.ts';
import { fail } from '../core/errors.ts';

/** A header line. */
export type Header = { readonly name: string; readonly value: string };

/** A signed request. */
export type SignedMessage = {
  readonly method: string;
  /** As the URL Standard serialises it, without fragment. */
  readonly url: string;
  /** All headers: the given ones, and those of the signature. */
  readonly headers: readonly Header[];
  readonly body: Uint8Array | undefined;
  /** The file with the body, if it is in a file. */
  readonly bodyFile: string | undefined;
};

/** `Name: value`, one per line. */
export const asHeaders = (headers: readonly Header[]): string =>
  headers.map(({ name, value }) => `${name}: ${value}`).join('\n');

/** An HTTP/1.1 request message (RFC 9112). */
export function asMessage({ method, url, headers, body }: SignedMessage): Uint8Array {
  const { host, origin } = new URL(url);
  const length = body ? `${body.length}` : /^(?:POST|PUT|PATCH)$/.test(method) ? '0' : undefined;
  const all = [{ name: 'Host', value: host }, ...headers];
  if (length !== undefined) all.push({ name: 'Content-Length', value: length });
  const head = [`${method} ${url.slice(origin.length)} HTTP/1.1`, ...asHeaders(all).split('\n'), '', ''].join('\r\n');
  return new Uint8Array(Buffer.concat([Buffer.from(head, 'latin1'), body ?? new Uint8Array()]));
}

/**
 * A command for a POSIX shell that sends the request with curl, exactly as signed: the options prevent curl from normalising the URL
 * and from adding a content type.
 *
 * @throws SignatureError `invalid_request` for a body that a command cannot contain.
 */
export function asCurl({ method, url, headers, body, bodyFile }: SignedMessage): string {
  const typed = headers.some(({ name }) => /^content-type$/i.test(name));
  return [
    'curl --globoff --path-as-is',
    ...(method === 'HEAD' ? ['--head'] : method === 'GET' && !body ? [] : [`--request ${quoted(method)}`]),
    ...headers.map((header) => `--header ${quoted(inCurl(header))}`),
    ...(body && !typed ? [`--header 'Content-Type:'`] : []),
    ...(body
      ? [bodyFile === undefined ? `--data-raw ${quoted(textOf(body))}` : `--data-binary ${quoted(`@${bodyFile}`)}`]
      : []),
    quoted(url),
  ].join(' \\\n  ');
}

// curl omits a header with an empty value, unless it ends with a semicolon.
const inCurl = ({ name, value }: Header): string => (value === '' ? `${name};` : `${name}: ${value}`);

function textOf(body: Uint8Array): string {
  const text = decodeUtf8(body);
  const same = utf8(text);
  return !text.includes('\0') && same.length === body.length && same.every((byte, place) => byte === body[place])
    ? text
    : fail('invalid_request', 'A shell command cannot contain this body: give it as --body-file FILE.');
}

/** Quotes text as one word for a POSIX shell. */
export const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
