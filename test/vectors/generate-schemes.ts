// Writes the vectors of the other schemes: npx tsx test/vectors/generate-schemes.ts
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bytesToSign } from '../../src/core/encoding.ts';
import { type Bytes, bytesOf, type Pairs } from './format.ts';
import { inputOf, type SchemeCase, type SchemeChoice, type SchemeVectors, schemeOf } from './scheme-format.ts';

type Draft = Omit<SchemeCase, 'stages'>;
type Asked = Draft['request'] & { readonly name: string };

const json: Pairs = [['Content-Type', 'application/json']];
const ask = (name: string, method: string, target: string, more: { headers?: Pairs; body?: Bytes } = {}): Asked => ({
  name,
  method,
  url: new URL(`https://api.example.com${target}`).href,
  headers: more.headers ?? [],
  ...(more.body && { body: more.body }),
});

const requests: readonly Asked[] = [
  ask('GET', 'GET', '/v1/orders'),
  ask('GET root', 'GET', '/'),
  ask('GET query', 'GET', '/v1/orders?page=2&sort=-created'),
  ask('GET repeated and empty parameters', 'GET', '/v1/orders?b=2&a=1&b=1&c=&d'),
  ask('GET escapes', 'GET', '/a%20b/%C3%BC/c%2Fd?q=%20%2B+%25&%C3%BC=%F0%9F%98%80'),
  ask('GET reserved characters', 'GET', "/a!$&'()*+,;=:@~-_./b?x=!'()*;:@,/?"),
  ask('GET double slash', 'GET', '/v1//orders/'),
  { ...ask('GET another port', 'GET', '/'), url: 'http://api.example.com:8080/v1/orders?x=1' },
  ask('POST JSON', 'POST', '/v1/orders', { headers: json, body: { utf8: '{"hello":"w\u00f6rld"}' } }),
  ask('POST bytes that are no UTF-8', 'POST', '/v1/files', { body: { base64: '//4A/w==' } }),
  ask('POST empty', 'POST', '/v1/orders'),
  ask('PUT long body', 'PUT', '/v1/files/1?part=1', { body: { repeat: { utf8: '0123456789abcdef', times: 300 } } }),
  ask('DELETE', 'DELETE', '/v1/orders/1'),
  ask(
    'GET letters, blanks and characters beyond ASCII',
    'GET',
    '/%C3%84%C4%B0aZ?%F0%9F%98%80=%C2%A0&%EF%BF%BD=%20%20&z',
  ),
];

type Plan = Pick<Draft, 'scheme' | 'secret' | 'accessKey' | 'sessionToken'>;
const plan = (made: SchemeChoice['made'], options: object, more: Partial<Plan> = {}): Plan => ({
  scheme: { made, options },
  accessKey: 'AKIDEXAMPLE',
  secret: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  ...more,
});
const aws = { region: 'eu-west-1', service: 'execute-api' };
const s3 = { region: 'us-east-1', service: 's3' };
const sessionToken = 'token/of+a=session';
const plans: readonly Plan[] = [
  plan('rfc9421', {}),
  plan('rfc9421', { label: 'partner', tag: 'orders', expires: 60, alg: false }),
  plan('rfc9421', { components: ['@method', '@target-uri', 'content-digest'] }),
  plan('sigv4', aws),
  plan('sigv4', aws, { sessionToken }),
  plan('sigv4', s3),
  plan('presign', { ...aws, expires: 60 }),
  plan('presign', s3, { sessionToken }),
  plan('defineScheme', {
    name: 'partner',
    algorithm: 'hmac-sha256',
    signature: 'base64',
    secret: 'utf8',
    timestamp: 'unix-seconds',
    stringToSign: '{method}\n{path}\n{query|sort}\n{timestamp}\n{nonce}\n{body|sha256|hex}',
    headers: { Authorization: 'hmac {accessKey}:{nonce}:{signature}', 'X-Date': '{timestamp}' },
  }),
  plan('defineScheme', {
    name: 'in-the-query',
    algorithm: 'hmac-sha512',
    signature: 'base64url',
    timestamp: { pattern: '{DD}{mmm}{YYYY}{HH}:{mm}:{ss}' },
    stringToSign: '{method|lower}+{host|upper}+{path}+{query|sort}+{timestamp}+{body|sha512|base64}',
    query: { key: '{accessKey}', time: '{timestamp}', signature: '{signature}' },
  }),
  plan('defineScheme', {
    name: 'derived',
    signature: 'hex',
    timestamp: 'iso-8601-basic',
    stringToSign: '{url}\n{timestamp}\n{nonce}\n{body|md5|hex}\n{body|sha1|base64}',
    key: { prefix: 'P1', steps: ['{timestamp}', 'partner'] },
    headers: { 'X-Key': '{accessKey}', 'X-Time': '{timestamp}', 'X-Nonce': '{nonce}', 'X-Signature': '{signature}' },
  }),
  plan('standardWebhooks', {}, { secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' }),
  plan('signedLinks', { maxLifetime: 600, unsignedPayload: true }),
  plan('signedLinks', { maxLifetime: 600, unsignedPayload: true, once: true }),
  plan('defineScheme', {
    name: 'ascii',
    values: { pair: '{accessKey|upper}/{header.content-type|default:|before:;}' },
    stringToSign: [
      '{method}\n{path|decode|lower}\n{path|decode|upper}\n{path|decode|truncate:3}\n{query|decode|sort}\n{query|decode|sort:text|form}',
      '{query|decode|trim|collapse}\n{value.pair|lower}[\n{body|only:POST|truncate:4|base64url}]\n{timestamp}\n{nonce}',
    ].join('\n'),
    headers: { 'X-Key': '{accessKey}', 'X-Time': '{timestamp}', 'X-Nonce': '{nonce}', 'X-Signature': '{signature}' },
  }),
  plan('cavage12', {}),
  plan('cavage12', { headers: ['x-date', '(request-target)', 'host', 'content-type', 'x-content-sha256'] }),
  plan('cavage12', { carrier: 'signature', headers: ['(request-target)', '(created)', 'host', 'digest'] }),
];

function schemeCase(given: Draft): SchemeCase {
  const scheme = schemeOf(given.scheme);
  const prepared = scheme.prepare(inputOf(given, scheme));
  const bytes = bytesToSign(prepared.stringToSign);
  const key = scheme.createKey(given.secret);
  const own = prepared.deriveKey ? prepared.deriveKey(key) : key;
  if ('then' in own) throw new Error('A key of a text is derived at once.');
  const signature = own.sign(bytes);
  if ('then' in signature) throw new Error('A key of a text signs at once.');
  const text = new TextDecoder().decode(bytes);
  const isText =
    bytesOf({ utf8: text }).every((byte, i) => byte === bytes[i]) && bytesOf({ utf8: text }).length === bytes.length;
  return {
    ...given,
    stages: {
      stringToSign: isText ? { utf8: text } : { base64: btoa(String.fromCharCode(...bytes)) },
      headers: Object.entries(prepared.headers(signature)),
      ...(prepared.target && { target: prepared.target(signature) }),
    },
  };
}

const file: SchemeVectors = {
  about: [
    'Test vectors of the schemes other than countersign-v1: what a signer makes of a request, stage by stage.',
    'That they are right is not told here: each scheme is held against implementations that are not ours.',
  ],
  cases: plans.flatMap((planned, i) =>
    requests
      // A signature that names content-digest needs one.
      .filter(({ body }) => body || !('components' in planned.scheme.options))
      .map(({ name, ...request }, j) =>
        schemeCase({
          name: `${planned.scheme.made} ${i + 1}, ${name}`,
          ...planned,
          time: 1_795_305_600 + j,
          nonce: `nonce-${i + 1}-${j + 1}`.padEnd(22, '0'),
          request,
        }),
      )
      // AWS signs such a path as another for every service but S3, so a verifier refuses it.
      .filter(({ name }) => !(name.endsWith('GET double slash') && signsAsAnother(planned))),
  ),
};

function signsAsAnother({ scheme: { made, options } }: Plan): boolean {
  return /^(?:sigv4|presign)$/.test(made) && (options as { service?: string }).service !== 's3';
}

/** The file, with a header field on one line. */
export const text: string = `${JSON.stringify(file, null, 2).replace(
  /\[\n\s+("(?:[^"\\]|\\.)*"),\n\s+("(?:[^"\\]|\\.)*")\n\s+\]/g,
  '[$1, $2]',
)}\n`;

const path = fileURLToPath(new URL('./schemes.json', import.meta.url));
if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(path, text);
