import { Buffer } from 'node:buffer';
import { fail } from '../../core/errors.ts';
import { headerView } from '../../node/received.ts';
import type { RecordedRequest } from './recorded-request.ts';

/**
 * Parses JSON: a HAR file, or an object with `method`, `url`, `headers` and `body`.
 *
 * @throws SignatureError `invalid_request`
 */
export function parseJsonRecord(text: string): RecordedRequest {
  const record = readJson(text);
  const entries = isObject(record) && isObject(record.log) ? record.log.entries : undefined;
  return Array.isArray(entries) ? parseEntries(entries) : toRequest(record);
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return wrong('it is not valid JSON');
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Takes the last refused entry of a HAR file, or else the last one. */
function parseEntries(entries: readonly unknown[]): RecordedRequest {
  const all = entries.filter(isObject);
  const isRefused = ({ response }: Readonly<Record<string, unknown>>): boolean =>
    isObject(response) && (response.status === 401 || response.status === 403);
  const entry = all.filter(isRefused).at(-1) ?? all.at(-1);
  if (!entry || !isObject(entry.request)) return wrong('the HAR file has no request');
  const { postData, bodySize } = entry.request;
  const data = isObject(postData) ? postData : {};
  const isEncoded = data.encoding === 'base64' && typeof data.text === 'string';
  const known = isEncoded ? { bodyBase64: data.text } : typeof data.text === 'string' ? { body: data.text } : undefined;
  const others = all.length - 1;
  return {
    ...toRequest({ ...entry.request, ...known }),
    ...(!known && Number(bodySize) > 0 && { missingBody: `a body of ${Number(bodySize)} bytes` }),
    ...(others && { passedOver: `${others} other ${others === 1 ? 'request' : 'requests'} of the HAR file` }),
  };
}

/**
 * Converts an object with `method`, `url`, `headers`, and `body` as text or `bodyBase64`.
 *
 * @throws SignatureError `invalid_request`
 */
export function toRequest(record: unknown): RecordedRequest {
  if (!isObject(record)) return wrong('it is no object with method, url, headers and body');
  const { method = 'GET', url, headers = {} } = record;
  const [, scheme, authority, rest = ''] =
    /^(https?):\/\/(?:[^/?#]*@)?([^/?#]+)([^#]*)/i.exec(typeof url === 'string' ? url : '') ?? [];
  if (scheme === undefined || authority === undefined) return wrong('url must be an http or https URL');
  if (typeof method !== 'string' || !/^[\w!#$%&'*+.^`|~-]+$/.test(method)) return wrong('method must be a method');
  const pairs = listHeaders(headers);
  const view = headerView(pairs.flat());
  return {
    method,
    scheme: scheme.toLowerCase() === 'https' ? 'https' : 'http',
    authority: view.get('host') ?? authority,
    target: rest.startsWith('/') ? rest : `/${rest}`,
    headers: view,
    body: readBody(record),
  };
}

type Pair = readonly [name: string, value: string];

/** Reads an object, a list of pairs, or a list of objects with `name` (or `key`) and `value`. */
function listHeaders(headers: unknown): readonly Pair[] {
  const entries: readonly unknown[] = Array.isArray(headers)
    ? headers.map((one) => (isObject(one) ? [one.name ?? one.key, one.value] : one))
    : isObject(headers)
      ? Object.entries(headers)
      : wrong('headers must be an object or a list');
  return entries.flatMap((entry): readonly Pair[] => {
    const [name, value] = Array.isArray(entry) ? entry : [];
    if (typeof name !== 'string') return wrong('headers must be names and values');
    // Pseudo-headers of HTTP/2, which are no headers of the message.
    if (name.startsWith(':')) return [];
    return [value].flat().map((one) => {
      if (typeof one !== 'string' && typeof one !== 'number') return wrong(`the header ${name} has no text`);
      return [name, String(one)];
    });
  });
}

function readBody({ body, bodyBase64 }: Readonly<Record<string, unknown>>): Uint8Array | undefined {
  if (typeof bodyBase64 === 'string') return new Uint8Array(Buffer.from(bodyBase64, 'base64'));
  if (body === undefined || body === null || body === '') return undefined;
  if (typeof body !== 'string') return wrong('body must be the text that was sent: a parsed body has lost its form');
  return new TextEncoder().encode(body);
}

const wrong = (what: string): never => fail('invalid_request', `This JSON is not a request: ${what}.`);
