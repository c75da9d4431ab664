/** A request of a kit, before it is signed. */
export type KitRequest = {
  readonly name: string;
  /** What the case is about. */
  readonly rule: string;
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>;
  readonly body: string;
  /** Headers that the caller chooses to sign. */
  readonly signedHeaders: readonly string[];
};

type Further = Partial<Pick<KitRequest, 'headers' | 'body' | 'signedHeaders'>>;

const request = (name: string, line: string, rule: string, further: Further = {}): KitRequest => {
  const [method = '', ...target] = line.split(' ');
  return { name, rule, method, target: target.join(' '), headers: [], body: '', signedHeaders: [], ...further };
};

const typed = (type: string, body: string): Further => ({ headers: [['Content-Type', type]], body });
const json = (body: string): Further => typed('application/json', body);
const multipart = '--b1\r\nContent-Disposition: form-data; name="note"\r\n\r\ntwo\r\nlines\r\n--b1--\r\n';

/** The requests that an ordinary client sends. The first one with a body is worked out in the README. */
export const ordinaryRequests: readonly KitRequest[] = [
  request('get', 'GET /v1/orders', 'The smallest request.'),
  request('get-root', 'GET /', 'The shortest path.'),
  request(
    'query-order',
    'GET /v1/orders?b=2&a=1&a=&c',
    'Repeated and empty parameters, in the order in which they are sent.',
  ),
  request('query-blank-and-plus', 'GET /v1/orders?q=a%20b+c%2Bd', '%20, + and %2B are three different things.'),
  request('query-letters', 'GET /v1/orders?city=K%C3%B6ln', 'Letters beyond ASCII, as UTF-8.'),
  request('query-brackets', 'GET /v1/orders?ids%5B%5D=1&ids%5B%5D=2', 'Escaped brackets.'),
  request('path-escapes', 'GET /v1/files/a%2Fb%20c', 'An escaped slash is no slash.'),
  request('path-slash-at-end', 'GET /v1/orders/', 'The slash at the end belongs to the path.'),
  request('post-json', 'POST /v1/orders', 'The bytes of the body as sent.', json('{"sku":"A-1"}')),
  request('post-json-letters', 'POST /v1/orders', 'Letters beyond ASCII in the body.', json('{"city":"Köln"}')),
  request(
    'post-json-blanks',
    'POST /v1/orders',
    'Blanks and line feeds belong to the body.',
    json('{\n  "sku": "A-1"\n}\n'),
  ),
  request('post-form', 'POST /v1/orders', 'A form.', typed('application/x-www-form-urlencoded', 'q=a+b&c=%26')),
  request(
    'post-multipart',
    'POST /v1/files',
    'The boundary that is sent.',
    typed('multipart/form-data; boundary=b1', multipart),
  ),
  request('post-without-body', 'POST /v1/orders', 'A method with a body, without one.'),
  request('put-long', 'PUT /v1/files/1?part=1', 'A long body.', typed('text/plain', '0123456789abcdef'.repeat(400))),
  request('patch', 'PATCH /v1/orders/1', 'Another method.', json('{}')),
  request('delete', 'DELETE /v1/orders/1', 'A method without body.'),
];

/** Requests that only countersign-v1 signs in this way: it normalises the target, and signs modifiers and chosen headers. */
export const countersignRequests: readonly KitRequest[] = [
  request(
    'target-spellings',
    "GET /%7euser/caf%c3%a9?q='b'&u=a%2fb",
    'Unreserved letters are decoded, other escapes get upper-case digits.',
  ),
  request('modifier', 'POST /v1/orders', 'Modifiers are always signed.', {
    ...json('{"sku":"A-1"}'),
    headers: [
      ['Content-Type', 'application/json'],
      ['Idempotency-Key', '8e03978e'],
    ],
  }),
];

/** A request with headers that the caller chooses to sign. */
export const signedHeaderRequests: readonly KitRequest[] = [
  request('signed-headers', 'GET /v1/orders', 'Chosen headers in lower case, sorted, each once, with trimmed values.', {
    headers: [
      ['X-Trace', ' abc '],
      ['X-Account', '7'],
    ],
    signedHeaders: ['X-Trace', 'X-Account', 'x-trace'],
  }),
];

/** Requests that a signer of countersign-v1 must refuse. The host has a user name where the target begins with `@`. */
export const refusedRequests: readonly KitRequest[] = [
  request('refuse-missing-header', 'GET /v1/orders', 'A header that is to be signed, and is absent.', {
    signedHeaders: ['x-trace'],
  }),
  request('refuse-own-header', 'GET /v1/orders', 'A header of the signature itself.', {
    headers: [['X-API-Extra', '1']],
    signedHeaders: ['x-api-extra'],
  }),
  request('refuse-connection-header', 'GET /v1/orders', 'A header of the connection.', {
    headers: [['Transfer-Encoding', 'chunked']],
    signedHeaders: ['transfer-encoding'],
  }),
  request('refuse-letters-in-header', 'GET /v1/orders', 'A value that is not printable ASCII.', {
    headers: [['X-City', 'Köln']],
    signedHeaders: ['x-city'],
  }),
  request(
    'refuse-letters-in-content-type',
    'POST /v1/orders',
    'A content type that is not printable ASCII.',
    typed('text/plain; x=ü', 'a'),
  ),
];
