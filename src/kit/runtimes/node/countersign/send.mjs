function decodeName(parameter) {
  const name = parameter.split('=')[0];
  try {
    return decodeURIComponent(name.replaceAll('+', ' '));
  } catch {
    return name;
  }
}


function withoutParameters(target, names) {
  const start = target.indexOf('?');
  const all = start < 0 || start === target.length - 1 ? [] : target.slice(start + 1).split('&');
  const kept = all.filter((parameter) => !names.includes(decodeName(parameter)));
  if (kept.length === all.length) return target;
  return kept.length ? `${target.slice(0, start)}?${kept.join('&')}` : target.slice(0, start);
}


function withParameters(target, added) {
  const start = target.indexOf('?');
  const path = start < 0 ? target : target.slice(0, start);
  const rest = start < 0 ? '' : target.slice(start + 1);
  const pairs = added.filter(([, value]) => value).map(([name, value]) => `${name}=${value}`);
  const all = [...(rest ? [rest] : []), ...pairs];
  return all.length ? `${path}?${all.join('&')}` : path;
}


/**
 * Returns the headers to add, the string to sign as bytes, and the URL to send. `headers` are pairs of name and value, and `body`
 * bytes, both as sent; `time` is in seconds since 1970, now by default.
 */
export function sign({ secret, ...request }) {
  const r = prepare(request);
  r.target = withoutParameters(r.target, ownParameters); // with parameters
  r.target = withParameters(r.target, signedParameters(r)); // with parameters
  const text = stringToSign(r);
  r.signature = signatureOf(r, bytesOf(secret), text);
  const fields = addedHeaders(r).filter(([, value]) => value);
  let { url } = request;
  const target = withParameters(r.target, signatureParameters(r)); // with parameters
  url = r.origin + Buffer.from(target, 'latin1').toString(); // with parameters
  return { headers: Object.fromEntries(fields), stringToSign: Buffer.from(text, 'latin1'), url };
}


/** Whether to send a request once more. The server may have carried out another one, such as a POST. */
function mayRetry(method, status) {
  return [502, 503, 504].includes(status) && /^(GET|HEAD|OPTIONS|PUT|DELETE)$/i.test(method);
}


/** Sends a request with node:http. Signs every attempt anew, and follows no redirect. */
export async function send({ attempts = 3, ...request }) {
  for (let attempt = 1; ; attempt++) {
    const { headers, url } = sign(request);
    const response = await sendOnce({ ...request, url }, [...(request.headers ?? []), ...Object.entries(headers)]);
    if (!mayRetry(request.method, response.status) || attempt >= attempts) return response;
    await new Promise((resolve) => setTimeout(resolve, 100 * 2 ** attempt));
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
    const started = (/^https$/i.test(scheme) ? https : http)(options, (response) => resolve(readResponse(response)));
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
