import files from './client-files.json' with { type: 'json' };
import type { KitCredentials } from './credentials.ts';

type Described = {
  readonly name: string;
  readonly origin: string;
  readonly credentials: KitCredentials;
};

type Item = { readonly name: string; readonly request: Readonly<Record<string, unknown>> };
type Body = Readonly<Record<string, unknown>> & { readonly mode: string };

// A redirect that Postman follows takes the signature along, also to another origin. The script encodes addresses itself: Bruno would do
// so once more.
const protocolProfileBehavior = { followRedirects: false, strictSSL: true, disableUrlEncoding: true };

/** Writes the collection of Postman (format 2.1), whose scripts sign each request, with the situations of `kit serve`. */
export function describePostman({ name, origin, credentials }: Described): object {
  const source = ['countersign', 'settle', 'bruno', 'postman'].map(
    (part) => files[`postman/${part}.js` as keyof typeof files],
  );
  const exec = source.join('\n').trimEnd().split('\n');
  return {
    info: {
      name: `${name}, signed with countersign-v1`,
      description: 'Each request is signed before it is sent. The situations are those of `countersign kit serve`.',
      schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json',
    },
    auth: { type: 'noauth' },
    protocolProfileBehavior,
    event: ['prerequest', 'test'].map((listen) => ({ listen, script: { type: 'text/javascript', exec } })),
    variable: [
      { key: 'origin', value: origin },
      { key: 'kit', value: 'http://127.0.0.1:9400' },
      { key: 'countersignAccessKey', value: credentials.accessKey },
      { key: 'countersignSecret', value: credentials.secret, type: 'secret' },
      { key: 'countersignSignedHeaders', value: '' },
      { key: 'countersignCheckResponse', value: '' },
    ],
    item: [request('First call', 'GET', '{{origin}}/'), { name: 'Situations', item: situations }],
  };
}

function request(
  name: string,
  method: string,
  url: string,
  body?: Body,
): Item & { readonly protocolProfileBehavior: object } {
  return { name, protocolProfileBehavior, request: { method, url, header: [], ...(body && { body }) } };
}

const json = (raw: string): Body => ({ mode: 'raw', raw, options: { raw: { language: 'json' } } });
const field = (key: string, value: string) => ({ key, value, type: 'text' });

const situations = [
  request('Blanks, letters and brackets', 'GET', "{{kit}}/orders?q=a b&r=a%2Bb&city=Köln&ids[]=1&name='a'"),
  request('Repeated and empty parameters', 'GET', '{{kit}}/orders?a=1&a=2&b='),
  request('An escaped slash', 'GET', '{{kit}}/files/a%2Fb'),
  request('A value that is new each time', 'GET', '{{kit}}/orders/{{$guid}}'),
  request('JSON', 'POST', '{{kit}}/orders', json('{"city":"Köln","id":"{{$guid}}"}')),
  request('A form', 'POST', '{{kit}}/orders', {
    mode: 'urlencoded',
    urlencoded: [field('a', 'b c'), field('d', "&'*")],
  }),
  request('A multipart form', 'POST', '{{kit}}/files', { mode: 'formdata', formdata: [field('note', 'Köln\n"a"')] }),
  request('Text without a content type', 'POST', '{{kit}}/orders', { mode: 'raw', raw: 'a' }),
  request('A POST without a body', 'POST', '{{kit}}/orders'),
  request('Retry', 'GET', '{{kit}}/kit/retry'),
  request('A redirect to the same origin', 'GET', '{{kit}}/kit/redirect-same'),
  request('A redirect to another origin', 'GET', '{{kit}}/kit/redirect-other'),
];
