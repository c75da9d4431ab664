// Writes the parts of a request so that Postman changes nothing after the signature. Copy it after countersign.js.
const contentTypes = {
  text: 'text/plain',
  json: 'application/json',
  javascript: 'application/javascript',
  html: 'text/html',
  xml: 'application/xml',
};
const formType = 'application/x-www-form-urlencoded';

/** Writes a URL so that no encoder changes it: each has its own opinion on `'`, brackets and blanks. */
function settleUrl(url) {
  const given = resolve(url);
  const whole = /^[a-z][a-z\d+.-]*:\/\//i.test(given) ? given : `http://${given}`;
  const [, origin, path, query] = /^(https?:\/\/[\w.[\]:-]+)([^?#]*)(\?[^#]*)?/i.exec(whole) ?? [];
  check(origin, 'The URL must be such as https://api.example.com/orders: without a user name, the host in ASCII.');
  check(/^(?:[/]|$)/.test(path), 'The host of the URL must be in ASCII (xn--), and without a user name.');
  check(
    !/(?:^|[/\\])(?:\.|%2e){1,2}(?:[/\\]|$)/i.test(path),
    'The path has a segment "." or "..", which may be removed.',
  );
  const encode = (text) =>
    text.replace(/%[\da-fA-F]{2}|[^\w.~$&+,;=:@/?-]/gu, (found) =>
      found.length === 3 ? found : encodeURIComponent(found).replace(/[!'()*]/, percent),
    );
  return origin + (encode(path) || '/') + encode(query === '?' ? '' : (query ?? ''));
}

const percent = (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`;
const isSent = (one) => !one.disabled;

/** Returns the body as the text that is sent, and the content type that Postman would add. */
function settleBody(body) {
  if (!body || body.disabled || !body.mode) return { text: '' };
  switch (body.mode) {
    case 'raw': {
      const text = resolve(body.raw);
      return { text, type: contentTypes[body.options?.raw?.language] ?? contentTypes.text };
    }
    case 'urlencoded':
      return { text: body.urlencoded.filter(isSent).map(formPair).join('&'), type: formType };
    case 'formdata':
      return settleForm(body.formdata.filter(isSent));
    case 'graphql':
      return { text: settleGraphQl(body.graphql ?? {}), type: contentTypes.json };
    default:
      throw new Error(`A body of the mode "${body.mode}" is read after this script: paste it as raw.`);
  }
}

const formEncode = (text) =>
  encodeURIComponent(resolve(text))
    .replace(/[!'()*]/g, percent)
    .replace(/%20/g, '+');
const formPair = ({ key, value }) => `${formEncode(key)}=${formEncode(value)}`;

/** Writes a multipart form, whose boundary Postman would choose after this script. */
function settleForm(fields) {
  if (!fields.length) return { text: '' };
  const boundary = hashes.lib.WordArray.random(16).toString();
  const quote = (text) =>
    resolve(text)
      .replace(/["\r\n]/g, percent)
      .replace(/%([AD])/g, '%0$1');
  const parts = fields.map(({ key, value, type, contentType }) => {
    check(type !== 'file', `The form field "${key}" is a file, which is read after this script: use another client.`);
    const line = contentType ? `Content-Type: ${resolve(contentType)}\r\n` : '';
    return `--${boundary}\r\nContent-Disposition: form-data; name="${quote(key)}"\r\n${line}\r\n${resolve(value)}\r\n`;
  });
  return { text: `${parts.join('')}--${boundary}--\r\n`, type: `multipart/form-data; boundary=${boundary}`, own: true };
}

function settleGraphQl({ query, operationName, variables }) {
  const names = operationName ? [`"operationName":${JSON.stringify(resolve(operationName))}`] : [];
  const values = typeof variables === 'string' ? resolve(variables) : resolve(JSON.stringify(variables ?? ''));
  const given = values && values !== '""' ? [`"variables":${values}`] : [];
  return `{${[`"query":${JSON.stringify(resolve(query))}`, ...names, ...given].join(',')}}`;
}

const ownHeaders = /^(?:x-api-(?:key|timestamp|nonce|payload|signed-headers|signature)|content-digest)$/;

/** Returns the headers as pairs, each once, because Postman sends one of those with the same name. */
function settleHeaders(given, { text, type, own }) {
  const fields = new Map();
  for (const { key, value } of given.filter(isSent)) {
    const name = resolve(key);
    const values = [...(fields.get(name.toLowerCase())?.values ?? []), resolve(value)];
    if (name && !ownHeaders.test(name.toLowerCase())) fields.set(name.toLowerCase(), { name, values });
  }
  if (text && type && (own || !fields.has('content-type'))) {
    fields.set('content-type', { name: 'Content-Type', values: [type] });
  }
  return [...fields.values()].map(({ name, values }) => [name, values.join(', ')]);
}

function isParsed(text) {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
