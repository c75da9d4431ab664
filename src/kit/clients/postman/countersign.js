// Signs requests with countersign-v1: see protocol.md. For scripts of Postman, Newman and Bruno. Copy this file with postman.js.
const hashes = require('crypto-js');

const modifiers =
  'content-encoding content-range idempotency-key if-match if-modified-since if-none-match if-range if-unmodified-since range';
const notSignable =
  /^(?:x-api-.*|content-(?:type|digest|length)|host|connection|transfer-encoding|te|trailer|upgrade|keep-alive|accept-encoding|set-cookie)$/;

function check(condition, problem) {
  if (!condition) throw new Error(problem);
}

/** Writes path and query with one spelling of each escape. */
function normalise(target) {
  const whole = target.startsWith('/') ? target : `/${target}`;
  const text = whole.indexOf('?') === whole.length - 1 ? whole.slice(0, -1) : whole;
  return text.replace(/%([\da-fA-F]{2})|[^\w.~!$&'()*+,;=:@/?[\]-]/gu, (found, escaped) => {
    const letter = escaped ? String.fromCharCode(Number.parseInt(escaped, 16)) : '';
    if (/^[\w.~-]$/.test(letter)) return letter;
    return escaped ? found.toUpperCase() : encodeURIComponent(found);
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

const toBase64 = (bytes) => hashes.enc.Base64.stringify(bytes);
const isEmpty = (body) => body === '' || body.sigBytes === 0;
const digestOf = (body) => (isEmpty(body) ? '' : `sha-256=:${toBase64(hashes.SHA256(body))}:`);
const macOf = (secret, text) => `v1=${hashes.HmacSHA256(text, secret).toString()}`;

/**
 * Returns the headers to add, and the string to sign. `headers` are pairs of name and value, as sent; body and secret are text,
 * or bytes as a `WordArray`; `time` is in seconds since 1970, now by default.
 */
function sign({ method, url, headers = [], body = '', accessKey, secret, ...options }) {
  const { time = Math.floor(Date.now() / 1000), nonce = hashes.lib.WordArray.random(16).toString() } = options;
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
  const first = ['countersign-v1-request', accessKey, time, nonce, method.toUpperCase(), authority];
  const stringToSign = [...first, normalise(target), type, unsignedBody ? 'unsigned' : digest, ...lines].join('\n');
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

/** Whether a response is countersigned. `signature` is the X-API-Signature of the request, `body` a `WordArray`. */
function isResponseSigned({ signature, secret, status, headers, body }) {
  const read = (name) => readValue(headers, name) ?? '';
  const time = read('x-api-timestamp');
  const digest = digestOf(body);
  const lines = ['content-range', 'location'].flatMap((name) => {
    const value = readValue(headers, name);
    return value === undefined ? [] : [`${name}:${value}`];
  });
  const text = ['countersign-v1-response', signature, time, status, read('content-type'), digest, ...lines].join('\n');
  // The MACs of both are compared, so that the time tells nothing of the expected one.
  const fits = macOf(secret, macOf(secret, text)) === macOf(secret, read('x-api-signature'));
  return fits && /^\d{1,12}$/.test(time) && digest === read('unencoded-digest');
}
