import { type IncomingHttpHeaders, request } from 'node:http';

// What Traefik and Envoy send and make of the answer, after their documentation and sources. They are in no registry that the
// tests reach, so these speak for them, over real sockets.

/** A request as a proxy has received it. */
export type Original = {
  readonly method: string;
  readonly scheme: 'http' | 'https';
  readonly target: string;
  /** In any case; the Host among them. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly address: string;
  readonly body?: Uint8Array | undefined;
};

/** What becomes of it. */
export type Outcome =
  | { readonly passed: true; readonly headers: Readonly<Record<string, string>>; readonly added: IncomingHttpHeaders }
  | { readonly passed: false; readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: string };

type Asked = { readonly method: string; readonly path: string; readonly headers: Record<string, string> };

function ask(gateway: string, { method, path, headers }: Asked, body?: Uint8Array) {
  return new Promise<{ status: number; headers: IncomingHttpHeaders; body: string }>((resolve, reject) => {
    const { hostname, port } = new URL(gateway);
    const length = { 'Content-Length': String(body?.length ?? 0) };
    const sent = request({ hostname, port, method, path, headers: { ...headers, ...length }, agent: false });
    sent.on('error', reject);
    sent.on('response', async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk);
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks).toString() });
    });
    sent.end(body);
  });
}

const one = (value: string | readonly string[]): string => (typeof value === 'string' ? value : value.join(', '));
const flat = (headers: Original['headers']): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, one(value)]));
const without = (headers: Record<string, string>, matches: (name: string) => boolean): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !matches(name)));
const of = (headers: Record<string, string>, name: string): string | undefined =>
  Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];

export type TraefikSettings = {
  readonly trustForwardHeader?: boolean;
  readonly forwardBody?: boolean;
  readonly preserveRequestMethod?: boolean;
  readonly authResponseHeadersRegex: RegExp;
};

/** The middleware ForwardAuth. */
export async function traefik(gateway: string, original: Original, settings: TraefikSettings): Promise<Outcome> {
  const { trustForwardHeader = false, forwardBody, preserveRequestMethod, authResponseHeadersRegex: regex } = settings;
  const { method, scheme, target, address, body } = original;
  const received = flat(original.headers);
  const kept = without(received, (name) => {
    const spelt = name.toLowerCase().replaceAll('_', '-');
    return spelt === 'host' || spelt === 'content-length' || (!trustForwardHeader && spelt.startsWith('x-forwarded-'));
  });
  const believed = (name: string, own: string): string => of(kept, name) ?? own;
  const prior = of(kept, 'x-forwarded-for');
  const described = {
    'X-Forwarded-For': prior ? `${prior}, ${address}` : address,
    'X-Forwarded-Method': believed('x-forwarded-method', method),
    'X-Forwarded-Proto': believed('x-forwarded-proto', scheme),
    'X-Forwarded-Host': believed('x-forwarded-host', of(received, 'host') ?? ''),
    'X-Forwarded-Uri': believed('x-forwarded-uri', target),
  };
  const headers = {
    ...without(kept, (name) => /^x-forwarded-(?:for|method|proto|host|uri)$/i.test(name)),
    ...described,
  };
  const asked = { method: preserveRequestMethod ? method : 'GET', path: '/', headers };
  const answer = await ask(gateway, asked, forwardBody ? body : undefined);
  if (answer.status < 200 || answer.status >= 300) return { passed: false, ...answer };
  const own = Object.entries(answer.headers).filter(([name]) => regex.test(name));
  return {
    passed: true,
    headers: {
      ...without(received, (name) => regex.test(name)),
      ...Object.fromEntries(own.map(([name, value]) => [name, String(value)])),
    },
    added: {},
  };
}

export type EnvoySettings = {
  readonly pathPrefix?: string;
  readonly headersToAdd: Readonly<Record<string, string>>;
  readonly allowedUpstreamHeaders: RegExp;
  readonly allowedClientHeadersOnSuccess?: RegExp;
  readonly withRequestBody?: { readonly maxRequestBytes: number };
};

/** The filter ext_authz, with a service over HTTP. */
export async function envoy(gateway: string, original: Original, settings: EnvoySettings): Promise<Outcome> {
  const {
    pathPrefix = '',
    headersToAdd,
    allowedUpstreamHeaders,
    allowedClientHeadersOnSuccess,
    withRequestBody,
  } = settings;
  const { method, target, body } = original;
  const received = Object.fromEntries(
    Object.entries(flat(original.headers)).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const buffered = withRequestBody && body?.subarray(0, withRequestBody.maxRequestBytes);
  const headers = {
    ...without(received, (name) => name === 'content-length'),
    ...Object.fromEntries(Object.entries(headersToAdd).map(([name, value]) => [name.toLowerCase(), value])),
    ...(withRequestBody && { 'x-envoy-auth-partial-body': String(buffered?.length !== body?.length) }),
    'x-envoy-internal': 'true',
    'x-forwarded-for': '10.0.0.1',
  };
  const answer = await ask(gateway, { method, path: pathPrefix + target, headers }, buffered);
  if (answer.status >= 500) return { passed: false, status: 503, headers: {}, body: '' };
  if (answer.status !== 200) return { passed: false, ...answer };
  const picked = (pattern: RegExp | undefined) =>
    Object.fromEntries(Object.entries(answer.headers).filter(([name]) => pattern?.test(name)));
  return {
    passed: true,
    headers: { ...received, ...(picked(allowedUpstreamHeaders) as Record<string, string>) },
    added: picked(allowedClientHeadersOnSuccess),
  };
}
