// Signs the requests of a collection, and checks the responses. Copy countersign.js, settle.js, bruno.js and this file, in this order,
// into both scripts of the collection: before the request, and after the response. Variables: countersignAccessKey,
// countersignSecret; if wanted countersignSignedHeaders (names with commas) and countersignCheckResponse (yes).

/** The counterpart of `brunoHost`. Names are such that Bruno's importer does not rewrite them. */
const postmanHost = {
  resolve: (text) => pm.variables.replaceIn(text),
  read: () => readPostman(pm.request),
  write: (signed) => writePostman(pm.request, signed),
  readResponse: () => readPostmanResponse(pm.request, pm.response),
  isResponse: () => pm.info.eventName === 'test',
};

function readPostman(draft) {
  const auth = draft.auth?.type ?? 'noauth';
  check(/^(?:noauth|basic|bearer)$/.test(auth), `The authorization "${auth}" changes a request after this script.`);
  const method = draft.method.toUpperCase();
  const body = settleBody(draft.body?.toJSON());
  const isDropped = body.text && /^(?:GET|HEAD|COPY|PURGE|UNLOCK)$/.test(method);
  check(!isDropped, `Postman sends a ${method} without its body: remove it.`);
  return { method, url: draft.url.toString(), headers: draft.headers.all(), body };
}

function writePostman(draft, { method, url, headers, text }) {
  draft.method = method;
  draft.url.update(url);
  check(draft.url.toString() === url, 'Postman would send another URL: escape what is unusual in it.');
  if (draft.body) draft.body.update({ mode: 'raw', raw: text, options: { raw: { language: 'text' } } });
  draft.headers.clear();
  for (const [key, value] of headers) draft.headers.add({ key, value });
}

const readPostmanResponse = (sent, received) => ({
  signature: sent.headers.get('X-API-Signature'),
  status: received.code,
  headers: received.headers.all().map(({ key, value }) => [key, value]),
  hex: received.stream?.toString('hex') ?? '',
});

const host = typeof bru === 'undefined' ? postmanHost : brunoHost;

/** Replaces variables, so that each has one value: that of `{{$guid}}` is another each time. */
function resolve(text) {
  const resolved = host.resolve(String(text ?? ''));
  check(!resolved.includes('{{vault:'), 'A vault variable is replaced after this script, so it cannot be signed.');
  return resolved;
}

function signDraft() {
  const { method, url: given, headers: fields, body } = host.read();
  const url = settleUrl(given);
  const headers = settleHeaders(fields, body);
  const isJson = headers.some(([name, value]) => /^content-type$/i.test(name) && /json/i.test(value));
  const isCommented = isJson && /\/[/*]/.test(body.text) && !isParsed(body.text);
  check(!isCommented, 'Comments in JSON may be removed after this script: remove them.');
  const { headers: added } = sign({
    ...{ method, url, headers, body: body.text },
    accessKey: resolve('{{countersignAccessKey}}'),
    secret: resolve('{{countersignSecret}}'),
    signedHeaders: readOption('countersignSignedHeaders')
      .split(/[\s,]+/)
      .filter(Boolean),
  });
  host.write({ method, url, headers: [...headers, ...Object.entries(added)], text: body.text });
}

/** Returns the value of a variable; empty without it. */
function readOption(name) {
  const value = resolve(`{{${name}}}`);
  return value.startsWith('{{') ? '' : value;
}

function beforeRequest() {
  try {
    signDraft();
  } catch (error) {
    if (host === brunoHost) throw error;
    // After an error, Newman would send the request without a signature.
    console.error(`Not sent: ${error.message}`);
    pm.test(`Not sent: ${error.message}`, () => check(false, error.message));
    pm.execution.skipRequest();
  }
}

/** Whether to send a request once more. The server may have carried out another one, such as a POST. */
function mayRetry({ method, headers }, status) {
  const isSafe = /^(GET|HEAD|OPTIONS|PUT|DELETE)$/i.test(method) || headers.has('Idempotency-Key');
  return [502, 503, 504].includes(status) && isSafe;
}

/** In a run of Postman, has a request signed anew and sent once more. Where it is sent by hand, Postman ignores this. */
function sendAgain() {
  const attempt = Number(pm.variables.get('countersignAttempt') ?? 1);
  const again = mayRetry(pm.request, pm.response.code) && attempt < 3;
  pm.variables.set('countersignAttempt', again ? attempt + 1 : 1);
  if (again) pm.execution.setNextRequest(pm.info.requestId);
  return again;
}

function afterResponse() {
  if ((host === postmanHost && sendAgain()) || !readOption('countersignCheckResponse')) return;
  const { signature, status, headers, hex } = host.readResponse();
  const body = hashes.enc.Hex.parse(hex);
  const signed = isResponseSigned({ signature, secret: resolve('{{countersignSecret}}'), status, headers, body });
  pm.test('The response is countersigned.', () => check(signed, 'The response is not countersigned.'));
}

if (host.isResponse()) afterResponse();
else beforeRequest();
