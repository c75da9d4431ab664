import { signParts } from '../../../client/prepare-request.ts';
import { createSigner } from '../../../client/signer.ts';
import { readBody } from '../../../core/body.ts';
import { decodeUtf8, utf8 } from '../../../core/encoding.ts';
import { fail } from '../../../core/errors.ts';
import { excerpt } from '../../../core/excerpt.ts';
import { command } from '../../command.ts';
import { credentialOptions, readCredentials } from '../../credentials.ts';
import { findScheme, schemeOptions } from '../../find-scheme.ts';
import { printFor } from '../../output.ts';

export const kitProbe = command({
  name: 'kit probe',
  summary: 'Checks a deployed verifier: sends a good request and some bad ones',
  operands: [
    { name: 'URL', help: 'an address that accepts the request, such as https://sandbox.example.com/v1/orders' },
  ],
  options: {
    ...credentialOptions,
    ...schemeOptions,
    method: { type: 'text', short: 'X', value: 'METHOD', help: 'Default: GET, or POST if there is a body.' },
    body: { type: 'text', short: 'd', value: 'TEXT', help: 'A JSON body. Then a changed body is tried too.' },
  },
  details: [
    'Sends the request as it is, then again with the same nonce, with another path, query and body, and one hour old.',
    'The first must be accepted, the others refused with 401 or 400. Exits with 0 if they are, otherwise with 1.',
    'The request is carried out once: choose one that does no harm.',
  ].join('\n'),
  examples: ['kit probe https://sandbox.example.com/v1/orders --credentials acme-kit/credentials.json'],
  async run(given, [url = '']) {
    if (!URL.canParse(url)) fail('invalid_request', 'The URL must be absolute, such as https://api.example.com/v1.');
    const probes = await probe(given, new URL(url));
    const failed = probes.filter(({ passed }) => !passed);
    printFor(given, {
      value: { probes },
      text: [
        ...probes.map(
          ({ name, status, code, passed }) =>
            `${passed ? 'passed' : 'FAILED'}  ${name}: ${status}${code ? ` ${code}` : ''}`,
        ),
        `${probes.length - failed.length} of ${probes.length} passed`,
      ].join('\n'),
    });
    return failed.length ? 1 : 0;
  },
});

type Probe = {
  readonly name: string;
  readonly status: number;
  readonly code: string | undefined;
  readonly passed: boolean;
};
type Sent = { readonly url: URL; readonly headers: Readonly<Record<string, string>>; readonly body: string };
type Given = Parameters<typeof findScheme>[0] &
  Parameters<typeof readCredentials>[0] & { readonly method: string | undefined; readonly body: string | undefined };

async function probe(given: Given, url: URL): Promise<readonly Probe[]> {
  const { scheme } = findScheme(given);
  const { accessKey = scheme.name, ...rest } = await readCredentials(given, { prompt: 'allowed', algorithms: [''] });
  const { body = '', method = body ? 'POST' : 'GET' } = given;
  const type = body ? { 'content-type': 'application/json' } : undefined;
  const signAt = async (time: number): Promise<Sent> => {
    const signer = createSigner({ credentials: { ...rest, accessKey }, scheme, clock: () => time });
    const parts = { method, url, headers: new Headers(type), ...(body && { body: utf8(body) }) };
    const { headers, target } = await signParts(signer, parts);
    return {
      url: target === undefined ? url : new URL(`${url.origin}${target}`),
      headers: { ...type, ...headers },
      body,
    };
  };
  const send = async (name: string, sent: Sent, accepted = false): Promise<Probe> => {
    const { url: to, headers } = sent;
    const response = await fetchOnce(to, {
      method,
      headers,
      redirect: 'manual',
      ...(sent.body && { body: utf8(sent.body) }),
    });
    const { status } = response;
    const code = codeIn((await readBody(response, maxBodyBytes)) ?? new Uint8Array());
    const refused = status === 401 || status === 400;
    return { name, status, code, passed: accepted ? status < 400 : refused };
  };
  const good = await signAt(Date.now());
  const changed = async (change: (sent: Sent) => Partial<Sent>) => {
    const sent = await signAt(Date.now());
    return { ...sent, ...change(sent) };
  };
  const path = ({ url: from }: Sent) => ({
    url: new URL(`${from.pathname.replace(/\/$/, '')}/probe${from.search}`, from),
  });
  const query = ({ url: from }: Sent) => ({
    url: new URL(`${from.pathname}?probe=1${from.search.replace(/^\?/, '&')}`, from),
  });
  return [
    await send('a good request', good, true),
    await send('the same request again', good),
    await send('another path', await changed(path)),
    await send('another query', await changed(query)),
    ...(body ? [await send('another body', await changed(() => ({ body: `${body} ` })))] : []),
    await send('one hour old', await signAt(Date.now() - 3_600_000)),
  ];
}

/** The most of a response that is read. */
const maxBodyBytes = 2 ** 20;

async function fetchOnce(url: URL, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (cause) {
    return fail('invalid_request', `${url.origin} does not respond.`, 400, cause);
  }
}

function codeIn(body: Uint8Array): string | undefined {
  try {
    const { code } = JSON.parse(decodeUtf8(body)) as { readonly code?: unknown };
    return typeof code === 'string' ? excerpt(code) : undefined;
  } catch {
    return undefined;
  }
}
