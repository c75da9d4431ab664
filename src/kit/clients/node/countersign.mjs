// Signs requests with countersign-v1: see protocol.md. Node 18 or later, without dependencies. Copy this file.
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { request as http } from 'node:http';
import { request as https } from 'node:https';

const modifiers =
  'content-encoding content-range idempotency-key if-match if-modified-since if-none-match if-range if-unmodified-since range';
const notSignable =
  /^(?:x-api-.*|content-(?:type|digest|length)|host|connection|transfer-encoding|te|trailer|upgrade|keep-alive|accept-encoding|set-cookie)$/;

function check(condition, problem) {
  if (!condition) throw new Error(problem);
}

/** Writes path and query with one spelling of each escape. */
export function normalise(target) {
  const whole = target.startsWith('/') ? target : `/${target}`;
  const text = whole.indexOf('?') === whole.length - 1 ? whole.slice(0, -1) : whole;
  return Buffer.from(text)
    .toString('latin1')
    .replace(/%([\da-f]{2})|[^\w.~!$&'()*+,;=:@/?[\]-]/gi, (found, escaped) => {
      const byte = escaped ? String.fromCharCode(Number.parseInt(escaped, 16)) : '';
      if (/^[\w.~-]$/.test(byte)) return byte;
      return escaped ? found.toUpperCase() : `%${found.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
    });
}

const trim = (text) => text.replace(/^[\t ]+/, '').replace(/[\t ]+$/, '');

/** Returns the value of a header as it is signed; undefined without it. */
function readValue(headers, name) {
  const values = headers.filter(([key]) => key.toLowerCase() === name).map(([, value]) => trim(value));
  const value = values.length ? trim(values.join(', ')) : undefined;
  check(value === undefined || /^[\t -~]*$/.test(value), `${name} is not printable ASCII`);
  return value;
}

const digestOf = (body) => (body.length ? `sha-256=:${createHash('sha256').update(body).digest('base64')}:` : '');
const macOf = (secret, text) => `v1=${createHmac('sha256', secret).update(text).digest('hex')}`;

/**
 * Returns the headers to add, and the string to sign. `headers` are pairs of name and value, and `body` bytes, both as sent;
 * `time` is in seconds since 1970, now by default.
 */
export function sign({ method, url, headers = [], body = '', accessKey, secret, ...options }) {
  const { time = Math.floor(Date.now() / 1000), nonce = randomBytes(16).toString('hex') } = options;
  const { signedHeaders = [], unsignedBody = false } = options;
  const [, scheme, host, target] = /^(https?):\/\/([^/?#]*)([^#]*)/is.exec(url) ?? [];
  check(host !== undefined && !host.includes('@'), 'The URL must be absolute, without a user name.');
  check(/^[!-~]*$/.test(host), 'The host must be printable ASCII, without blanks.');
  check(/^[\w!#$%&'*+.^`|~-]{1,64}$/.test(method), 'The method is not a token.');
  check(/^[\w-]{16,128}$/.test(nonce), 'A nonce has 16 to 128 of A-Z a-z 0-9 _ -');
  check(/^[\w.~-]{1,512}$/.test(accessKey), 'The access key is malformed.');
  const authority = host.toLowerCase().replace(scheme.toLowerCase() === 'https' ? /:443$/ : /:80$/, '');
  const chosen = signedHeaders.map((name) => name.toLowerCase());
  const present = modifiers.split(' ').filter((name) => readValue(headers, name) !== undefined);
  const names = [...new Set([...chosen, ...present])].sort();
  const digest = unsignedBody ? '' : digestOf(body);
  const lines = names.map((name) => {
    check(/^[a-z\d!#$%&'*+.^_`|~-]+$/.test(name) && !notSignable.test(name), `${name} cannot be signed.`);
    const value = readValue(headers, name);
    check(value !== undefined, `The request lacks ${name}`);
    return `${name}:${value}`;
  });
  const type = readValue(headers, 'content-type') ?? '';
  const payload = unsignedBody ? 'unsigned' : digest;
  const first = ['countersign-v1-request', accessKey, time, nonce, method.toUpperCase(), authority];
  const stringToSign = [...first, normalise(target), type, payload, ...lines].join('\n');
  return {
    stringToSign,
    headers: {
      'X-API-Key': accessKey,
      'X-API-Timestamp': `${time}`,
      'X-API-Nonce': nonce,
      ...(digest && { 'Content-Digest': digest }),
      ...(unsignedBody && { 'X-API-Payload': 'unsigned' }),
      ...(names.length && { 'X-API-Signed-Headers': names.join(';') }),
      'X-API-Signature': macOf(secret, stringToSign),
    },
  };
}

/** Whether a response is countersigned. `signature` is the X-API-Signature of the request. */
export function isResponseSigned({ signature, secret, status, headers, body }) {
  const read = (name) => readValue(headers, name) ?? '';
  const time = read('x-api-timestamp');
  const digest = digestOf(body);
  const lines = ['content-range', 'location'].flatMap((name) => {
    const value = readValue(headers, name);
    return value === undefined ? [] : [`${name}:${value}`];
  });
  const text = ['countersign-v1-response', signature, time, status, read('content-type'), digest, ...lines].join('\n');
  const expected = Buffer.from(macOf(secret, text));
  const received = Buffer.from(read('x-api-signature'));
  const fits = expected.length === received.length && timingSafeEqual(expected, received);
  return fits && /^\d{1,12}$/.test(time) && digest === read('unencoded-digest');
}

/** Whether to send a request once more. The server may have carried out another one, such as a POST. */
function mayRetry({ method, headers = [] }, status) {
  const named = [...headers].some(([name]) => name.toLowerCase() === 'idempotency-key');
  return [502, 503, 504].includes(status) && (named || /^(GET|HEAD|OPTIONS|PUT|DELETE)$/i.test(method));
}

/** Sends a request with node:http. Signs every attempt anew, and follows no redirect. */
export async function send({ attempts = 3, checkResponse = false, ...request }) {
  for (let attempt = 1; ; attempt++) {
    const { headers } = sign(request);
    const response = await sendOnce(request, [...(request.headers ?? []), ...Object.entries(headers)]);
    if (mayRetry(request, response.status) && attempt < attempts) {
      await new Promise((resolve) => setTimeout(resolve, 100 * 2 ** attempt));
      continue;
    }
    const signature = headers['X-API-Signature'];
    if (checkResponse && !isResponseSigned({ ...response, signature, secret: request.secret })) {
      throw new Error('The response is not countersigned.');
    }
    return response;
  }
}

// The target is sent as given: the class URL would change it.
function sendOnce({ method, url, body = '' }, headers) {
  const [, scheme, host, target] = /^(https?):\/\/([^/?#]*)([^#]*)/is.exec(url);
  const { hostname, port } = new URL(`${scheme}://${host}`);
  const sent = Buffer.from(body);
  const fields = [['Host', host], ...headers, ...(sent.length ? [['Content-Length', `${sent.length}`]] : [])];
  return new Promise((resolve, reject) => {
    const options = {
      method,
      hostname: hostname.replace(/^\[|\]$/g, ''),
      port,
      path: target.startsWith('/') ? target : `/${target}`,
      headers: fields.flat(),
    };
    const started = (scheme === 'https' ? https : http)(options, (response) => resolve(readResponse(response)));
    // Of a silent connection. What destroys it rejects the response too, also while its body is read.
    started.setTimeout(30_000, () => started.destroy(new Error('The server is silent.')));
    started.on('error', reject).end(sent);
  });
}

async function readResponse(response) {
  const chunks = [];
  for await (const chunk of response) chunks.push(chunk);
  const raw = response.rawHeaders;
  const pairs = raw.flatMap((name, i) => (i % 2 ? [] : [[name, raw[i + 1]]]));
  return { status: response.statusCode, headers: pairs, body: Buffer.concat(chunks) };
}
