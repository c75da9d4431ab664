function check(condition, problem) {
  if (!condition) throw new Error(problem);
}


// Texts are bytes, one in each character.
function bytesOf(value) {
  return Buffer.from(value ?? '').toString('latin1');
}


function prepare({ method, url, headers = [], body, accessKey, ...options }) {
  const { time = Date.now() / 1000, nonce = randomBytes(16).toString('hex') } = options;
  const { signedHeaders = [], sessionToken, challenge } = options;
  const [, scheme, host, target] = /^(https?):\/\/([^/?#]*)([^#]*)/is.exec(url) ?? [];
  check(host !== undefined && !host.includes('@'), 'The URL must be absolute, without a user name.');
  // Others are dropped or escaped when the URL is sent, and a line break could pass for the end of a field.
  check(/^[!-~]*$/.test(host + target), 'The host and the target must be printable ASCII, without blanks.');
  check(/^[\w!#$%&'*+.^`|~-]{1,64}$/.test(method), 'The method is not a token.');
  check(/^[\w.~+/=-]{0,512}$/.test(challenge ?? ''), 'The challenge has characters that no server issues, or more than 512.');
  return {
    method: method.toUpperCase(),
    scheme: scheme.toLowerCase(),
    origin: `${scheme}://${host}`,
    authority: bytesOf(host.toLowerCase().replace(/^https$/i.test(scheme) ? /:443$/ : /:80$/, '')),
    target: bytesOf(target.startsWith('/') ? target : `/${target}`),
    headers,
    names: [...new Set(signedHeaders.map((name) => name.toLowerCase()))].sort(),
    body: bytesOf(body) || undefined,
    accessKey,
    time: Number(time),
    timestamp: timestampOf(Number(time)),
    nonce: nonceOf(nonce),
    sessionToken,
    challenge,
    ...(challenge === undefined && { challenge: 'none' }), // with challenge
    signature: '',
  };
}


function hostOf(r) {
  return r.authority.replace(/:\d*$/, '');
}


function portOf(r) {
  return /:(\d+)$/.exec(r.authority)?.[1] ?? (r.scheme === 'https' ? '443' : '80');
}


function pathOf(r) {
  return r.target.split('?')[0];
}


function queryOf(r) {
  const start = r.target.indexOf('?');
  return start < 0 || start === r.target.length - 1 ? undefined : r.target.slice(start + 1);
}


function urlOf(r) {
  return `${r.scheme}://${r.authority}${r.target}`;
}


function trimBlanks(text) {
  return text.replace(/^[\t ]+/, '').replace(/[\t ]+$/, '');
}


function headerValue(r, name) {
  const values = r.headers.filter(([key]) => key.toLowerCase() === name).map(([, value]) => trimBlanks(value));
  const value = values.length ? trimBlanks(values.join(', ')) : undefined;
  check(value === undefined || /^[\t -~]*$/.test(value), `${name} is not printable ASCII`);
  return value;
}


function nothing() {
  return undefined;
}


function needed(value, name) {
  check(value !== undefined, `The request lacks ${name}`);
  return value;
}


function defaultTo(value, fallback) {
  return value ?? fallback;
}


function onlyFor(r, methods, value) {
  return methods.includes(r.method) ? value : undefined;
}


function chosenNames(r, separator) {
  return r.names.length ? r.names.join(separator) : undefined;
}


function chosenLines(r) {
  const lines = r.names.map((name) => lineOf(name, needed(headerValue(r, name), name)));
  return lines.length ? lines.join('') : undefined;
}
