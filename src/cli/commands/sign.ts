import { signParts } from '../../client/prepare-request.ts';
import { createSigner, type Signer } from '../../client/signer.ts';
import { decodeUtf8, utf8 } from '../../core/encoding.ts';
import { fail } from '../../core/errors.ts';
import { command, type Options, type OptionValues } from '../command.ts';
import { credentialOptions, readCredentials } from '../credentials.ts';
import { describeSchemes, findScheme, type SchemeInUse, schemeOptions } from '../find-scheme.ts';
import { print, printJson } from '../output.ts';
import { parseHeaderLine } from '../recorded/raw-request.ts';
import { asCurl, asHeaders, asMessage, type Header, type SignedMessage } from '../signed-message.ts';
import { readBytes } from '../text-file.ts';
import { parseTime } from '../times.ts';

const requestOptions = {
  method: { type: 'text', short: 'X', value: 'METHOD', help: 'Default: GET, or POST if there is a body.' },
  header: { type: 'list', short: 'H', value: 'HEADER', help: "A header of the request, such as 'Accept: text/plain'." },
  body: { type: 'text', short: 'd', value: 'TEXT', help: 'The body, exactly as sent.' },
  'body-file': { type: 'text', value: 'FILE', help: 'A file with the body, sent unchanged. - is standard input.' },
} as const satisfies Options;

const signingOptions = {
  'signed-header': { type: 'list', value: 'NAME', help: 'A header to sign in addition to those of the scheme.' },
  at: { type: 'text', value: 'TIME', help: 'The time of the signature: 2026-11-22T12:00:00Z. Default: now.' },
  nonce: { type: 'text', value: 'TEXT', help: 'Default: a random one.' },
  challenge: { type: 'text', value: 'TEXT', help: 'The challenge of the server.' },
  algorithm: {
    type: 'text',
    value: 'NAME',
    help: 'The algorithm of an RSA key: rsa-v1_5-sha256. Default: rsa-pss-sha512.',
  },
} as const satisfies Options;

type GivenRequest = OptionValues<typeof requestOptions>;

export const sign = command({
  name: 'sign',
  summary: 'Signs a request: prints headers to add, a curl command, or the whole message',
  operands: [{ name: 'URL', help: 'the URL to send it to' }],
  options: {
    ...requestOptions,
    ...credentialOptions,
    ...schemeOptions,
    ...signingOptions,
    format: { type: 'text', value: 'FORMAT', help: 'headers, curl, http, url or json. Default: headers.' },
  },
  details: [
    'Formats:',
    '  headers  the headers to add, one per line',
    '  curl     a shell command that sends the request',
    '  http     the whole HTTP/1.1 message, which countersign verify and explain accept',
    '  url      the signed URL; the default for schemes that sign in the query',
    '  json     everything, including the string to sign',
    'A secret file may contain a private key in PEM, for schemes with public keys.',
    '',
    describeSchemes,
  ].join('\n'),
  examples: [
    "sign https://api.example.com/v1/orders --credentials shop.json -d '{}' --format curl",
    'sign https://bucket.s3.eu-west-1.amazonaws.com/a --scheme sigv4 --region eu-west-1 --service s3',
  ],
  async run(given, [url = '']) {
    const { message, stringToSign, added, inQuery, scheme } = await signRequest(given, url);
    const format = given.json ? 'json' : (given.format ?? (inQuery ? 'url' : 'headers'));
    if (format === 'json') {
      print(printJson({ scheme, method: message.method, url: message.url, headers: added, stringToSign }));
    } else if (format === 'http') process.stdout.write(asMessage(message));
    else if (format === 'curl') print(asCurl(message));
    else if (format === 'url') print(message.url);
    else if (format !== 'headers') fail('invalid_configuration', '--format must be headers, curl, http, url or json.');
    else if (inQuery) fail('invalid_configuration', `The scheme ${scheme} signs in the query: --format url.`);
    else print(asHeaders([...contentTypeOf(message), ...headersIn(added)]));
    return 0;
  },
});

/** The signed content type: curl would send its own beside the printed headers. */
const contentTypeOf = ({ headers }: SignedMessage): readonly Header[] =>
  headers.filter(({ name }) => /^content-type$/i.test(name));

type Signed = {
  readonly message: SignedMessage;
  readonly stringToSign: string;
  /** The headers that signing added. */
  readonly added: Readonly<Record<string, string>>;
  /** True if the signature is in the URL. */
  readonly inQuery: boolean;
  readonly scheme: string;
};

type GivenSigning = GivenRequest &
  OptionValues<typeof signingOptions> &
  OptionValues<typeof credentialOptions> &
  OptionValues<typeof schemeOptions>;

async function signRequest(given: GivenSigning, url: string): Promise<Signed> {
  const address = URL.canParse(url)
    ? new URL(url)
    : fail('invalid_request', 'The URL must be absolute, such as https://api.example.com/v1.');
  address.hash = '';
  const body = await bodyOf(given);
  const method = (given.method ?? (body ? 'POST' : 'GET')).toUpperCase();
  const headers = given.header.map(headerIn);
  const signer = await signerOf(given);
  const made = await signParts(signer, {
    method,
    url: address,
    headers: fieldsOf(headers),
    ...(body && { body: new Uint8Array(body) }),
  });
  const names = Object.keys(made.headers).map((name) => name.toLowerCase());
  const kept = headers.filter(({ name }) => !names.includes(name.toLowerCase()));
  if (made.target !== undefined) address.href = `${address.origin}${made.target}`;
  return {
    message: {
      method,
      url: address.href,
      headers: [...kept, ...headersIn(made.headers)],
      body,
      bodyFile: given['body-file'] === '-' ? undefined : given['body-file'],
    },
    stringToSign: typeof made.stringToSign === 'string' ? made.stringToSign : decodeUtf8(made.stringToSign),
    added: made.headers,
    inQuery: made.target !== undefined,
    scheme: signer.scheme.name,
  };
}

async function signerOf(given: GivenSigning): Promise<Signer> {
  const { scheme, anonymous } = findScheme(given);
  const { algorithm = '', at, nonce, challenge } = given;
  const found = await readCredentials(given, {
    prompt: given['body-file'] === '-' ? 'refused' : 'allowed',
    algorithms: [algorithm],
  });
  const time = at === undefined ? undefined : parseTime('at', at);
  return createSigner({
    credentials: { ...found, accessKey: accessKeyFor({ scheme, anonymous }, found.accessKey) },
    scheme,
    signedHeaders: given['signed-header'],
    ...(time !== undefined && { clock: () => time }),
    ...(nonce !== undefined && { nonce: () => nonce }),
    challenge: () => challenge,
  });
}

const accessKeyFor = ({ scheme, anonymous }: SchemeInUse, accessKey: string | undefined): string =>
  accessKey ??
  (anonymous
    ? scheme.name
    : fail(
        'invalid_configuration',
        'The access key is missing: give --access-key, --credentials or COUNTERSIGN_ACCESS_KEY.',
      ));

async function bodyOf({ body, 'body-file': file }: GivenRequest): Promise<Uint8Array | undefined> {
  if (body !== undefined && file !== undefined)
    fail('invalid_configuration', 'The body is given twice: --body, --body-file.');
  const bytes = file === undefined ? utf8(body ?? '') : await readBytes(file, 'The body');
  return bytes.length ? bytes : undefined;
}

function headerIn(text: string): Header {
  const header = parseHeaderLine(text);
  // HTTP/1.1 has no bytes for characters beyond Latin-1, and a line break would start another header.
  if (!header || /[^\t -~\u00a0-\u00ff]/.test(header.value)) {
    return fail('invalid_configuration', "A header must look like 'Accept: text/plain'.");
  }
  const { name, value } = header;
  if (/^(?:host|content-length|transfer-encoding)$/i.test(name)) {
    fail('invalid_configuration', `${name} is set from the URL and the body, and cannot be given.`);
  }
  return { name, value };
}

function fieldsOf(headers: readonly Header[]): Headers {
  const fields = new Headers();
  for (const { name, value } of headers) fields.append(name, value);
  return fields;
}

const headersIn = (headers: Readonly<Record<string, string>>): readonly Header[] =>
  Object.entries(headers).map(([name, value]) => ({ name, value }));
