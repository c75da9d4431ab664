// Reads and writes the requests of Bruno, which imports collections of Postman. Copy it between settle.js and postman.js.
const brunoHost = {
  resolve: (text) => bru.interpolate(text),
  read: readBruno,
  write: writeBruno,
  isResponse: () => typeof res !== 'undefined',
  // Its safe mode gives scripts the text of a response, not the bytes.
  readResponse: () => check(false, 'Bruno gives scripts no bytes of a response, so they cannot be checked.'),
};

function readBruno() {
  const auth = req.getAuthMode();
  check(/^(?:none|basic|bearer)$/.test(auth), `The authorization "${auth}" changes a request after this script.`);
  check(
    !req.getPathParams().length,
    'Parameters of the path are replaced after this script: write {{name}} for :name.',
  );
  const fields = Object.entries(req.getHeaders()).map(([key, value]) => ({ key, value, disabled: value === null }));
  const body = settleBrunoBody(fields);
  // Without a body, Bruno sends no content type.
  const headers = fields.filter(({ key }) => body.text || key.toLowerCase() !== 'content-type');
  return { method: req.getMethod().toUpperCase(), url: req.getUrl(), headers, body };
}

/** Returns the body as text. Bruno has fields in a list, GraphQL in an object, and a file as bytes. */
function settleBrunoBody(headers) {
  const data = req.getBody({ raw: true });
  const type = headers.find(({ key }) => key.toLowerCase() === 'content-type')?.value ?? '';
  if (data === undefined || data === null || data === '') return { text: '' };
  if (typeof data === 'string') return { text: settleJson(resolve(data), resolve(type)), type };
  const isList = Array.isArray(data);
  const fields = isList ? data.map(({ name, ...field }) => ({ key: name, ...field })) : [];
  if (isList && type.startsWith('multipart/')) return settleForm(fields);
  if (isList) return { text: fields.map(formPair).join('&'), type: formType };
  check(data.query !== undefined, 'A file is read after this script: paste it as text.');
  return { text: settleGraphQl(data), type: contentTypes.json };
}

/** After this script, Bruno removes blanks around JSON, and makes a JSON string of what is no JSON. */
function settleJson(text, type) {
  if (!type.includes('application/json')) return text;
  check(isParsed(text), 'Bruno changes a body that is no JSON: correct it, or set another content type.');
  return text.trim();
}

function writeBruno({ method, url, headers, text }) {
  req.setMethod(method);
  req.setUrl(url);
  for (const name of Object.keys(req.getHeaders())) delete req.getHeaders()[name];
  // Null keeps Bruno from adding a content type of its own.
  if (!text) req.setHeader('content-type', null);
  for (const [name, value] of headers) req.setHeader(name, value);
  req.setBody(text || undefined, { raw: true });
  req.setMaxRedirects(0);
}
