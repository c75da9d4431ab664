import { readFileSync, writeFileSync } from 'node:fs';
import { createKit } from 'countersign/kit';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type RecordingServer, startRecordingServer } from './recording-server.ts';
import { clients, newman, run, unpack } from './tools.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 300_000 });

type Item = Readonly<Record<string, unknown>>;
/** What the reporter of Newman says of a script that failed. */
type Failure = { readonly source: { readonly name: string }; readonly error: { readonly message: string } };

const kit = createKit({ origin: 'https://api.example.com', languages: ['postman'] });
const collection = JSON.parse(kit['clients/postman/countersign.postman_collection.json'] ?? '');
const folder = unpack({});
afterAll(() => folder.remove());

let server: RecordingServer;
beforeAll(async () => {
  server = await startRecordingServer(JSON.parse(kit['credentials.json'] ?? ''));
});
afterAll(() => server.close());

/** Runs requests in Newman, in place of those of the collection. */
async function send(items: readonly Item[], values: Readonly<Record<string, string>> = {}) {
  const item = items.map((one, i) => ({ name: `${i}`, ...one }));
  const file = `${folder.path}/collection.json`;
  writeFileSync(file, JSON.stringify({ ...collection, item }));
  const variables = Object.entries({ kit: server.origin, ...values }).flatMap((pair) => ['--env-var', pair.join('=')]);
  const report = `${folder.path}/report.json`;
  const reporters = ['--reporters', 'cli,json', '--reporter-json-export', report, '--color', 'off'];
  const { status, output } = await run([newman, 'run', file, ...reporters, ...variables], folder.path);
  const { failures } = JSON.parse(readFileSync(report, 'utf8')).run as { readonly failures: readonly Failure[] };
  return {
    ...{ status, output, received: server.take() },
    failures: failures.map(({ source, error }) => ({ name: source.name, message: error.message })),
  };
}

const get = (url: unknown, further: Item = {}): Item => ({ request: { method: 'GET', url, header: [], ...further } });
const post = (body: unknown, further: Item = {}): Item => ({
  request: { method: 'POST', url: '{{kit}}/orders', header: [], body, ...further },
});
const raw = (text: string, language?: string) => ({
  ...{ mode: 'raw', raw: text },
  ...(language && { options: { raw: { language } } }),
});
const field = (key: string, value: string, further: Item = {}) => ({ key, value, type: 'text', ...further });

describe.runIf(clients.some(({ language }) => language === 'postman'))('the script for Postman', () => {
  const parts = { protocol: 'http', host: ['127', '0', '0', '1'] };

  /** What is sent, and what is received beside the status 200. */
  const signed: ReadonlyArray<readonly [string, () => Item, Item?]> = [
    ['letters that Postman encodes later', () => get(`{{kit}}/o'r/a b?q='é'&w="<>"&x={1}|^\`[]`)],
    ['escapes as they are', () => get('{{kit}}/a%2fb%7e?q=100%25&r=%27%e9')],
    ['an empty query', () => get('{{kit}}/orders?')],
    ['a fragment', () => get('{{kit}}/orders?a#b')],
    ['variables in variables', () => get('{{kit}}/{{outer}}?q={{outer}}&w={{unknown}}')],
    ['a value that is new each time', () => get('{{kit}}/{{$guid}}?q={{$randomInt}}&t={{$timestamp}}')],
    [
      'variables of the path, and parameters that are off',
      () =>
        get({
          ...parts,
          port: server.origin.split(':')[2],
          path: ['orders', ':id', ':none'],
          variable: [{ key: 'id', value: '{{outer}} c' }],
          query: [field('a', 'b&c'), field('d', 'e', { disabled: true }), { key: 'f', value: null }],
        }),
    ],
    ['an origin in capitals', () => get(`${server.origin.toUpperCase()}/orders`)],
    ['a body without a content type', () => post(raw('a')), { type: 'text/plain', body: 'a' }],
    [
      'a body of a language',
      () => post(raw('{"a":"é {{outer}}"}', 'json')),
      { type: 'application/json', body: '{"a":"é a é\'b"}' },
    ],
    [
      'a content type of its own',
      () => post(raw('a', 'json'), { header: [field('content-type', 'text/{{kind}}')] }),
      { type: 'text/csv' },
    ],
    [
      'a content type that is off',
      () => post(raw('a'), { header: [field('Content-Type', 'a/b', { disabled: true })] }),
      { type: 'text/plain' },
    ],
    ['an empty body', () => post(raw('', 'json')), { type: '', body: '' }],
    ['a body that is off', () => post({ ...raw('a'), disabled: true }), { type: '', body: '' }],
    ['addresses in JSON', () => post(raw('{"a":"http://b/*c*/"}', 'json')), { body: '{"a":"http://b/*c*/"}' }],
    ['comments that are not in JSON', () => post(raw('// a', 'javascript')), { body: '// a' }],
    [
      'modifiers, new each time',
      () => post(raw('a'), { header: [field('Idempotency-Key', '{{$guid}}'), field('If-Match', '"a"')] }),
    ],
    ['a header twice', () => post(raw('a'), { header: [field('If-Match', '"a"'), field('if-match', '"b"')] })],
    [
      'a form',
      () =>
        post({
          mode: 'urlencoded',
          urlencoded: [field('a b', "c&d='*(é{{outer}})"), field('x', 'y', { disabled: true }), field('z', '')],
        }),
      { type: 'application/x-www-form-urlencoded', body: 'a+b=c%26d%3D%27%2A%28%C3%A9a+%C3%A9%27b%29&z=' },
    ],
    [
      'a multipart form of texts',
      () =>
        post({
          mode: 'formdata',
          formdata: [field('a"\n', 'b\r\nc'), field('j', '{}', { contentType: 'application/json' })],
        }),
      {
        type: expect.stringMatching(/^multipart\/form-data; boundary=\w{32}$/),
        body: expect.stringMatching(/name="a%22%0A"\r\n\r\nb\r\nc\r\n--/),
      },
    ],
    ['a form without fields', () => post({ mode: 'formdata', formdata: [] }), { type: '', body: '' }],
    [
      'GraphQL',
      () => post({ mode: 'graphql', graphql: { query: '{ a }', variables: '{"b": 1}' } }),
      { type: 'application/json', body: '{"query":"{ a }","variables":{"b": 1}}' },
    ],
    ['a bearer token', () => get('{{kit}}/orders', { auth: { type: 'bearer', bearer: [field('token', 'x')] } })],
    ['a method in small letters', () => post(raw('a'), { method: 'patch' })],
  ];

  describe('as one run', () => {
    let outcome: Awaited<ReturnType<typeof send>>;
    beforeAll(async () => {
      const values = { outer: '{{inner}}', inner: "a é'b", kind: 'csv' };
      outcome = await send(
        signed.map(([name, item]) => ({ name, ...item() })),
        values,
      );
    });

    it('sends all', () => {
      expect([outcome.status, outcome.received.length], outcome.output).toEqual([0, signed.length]);
    });

    it.each(signed.map(([name, , expected = {}], i) => [name, expected, i] as const))('signs %s', (_, expected, i) => {
      expect(outcome.received[i]).toMatchObject({ status: 200, ...expected });
    });
  });

  /** What is sent, and why it is refused. */
  const refused: ReadonlyArray<readonly [string, Item, string]> = [
    ['a file', post({ mode: 'file', file: { src: 'a' } }), 'mode "file"'],
    [
      'a form with a file',
      post({ mode: 'formdata', formdata: [{ key: 'scan', type: 'file', src: 'a' }] }),
      'form field "scan" is a file',
    ],
    ['a body that Postman drops', get('{{kit}}/a', { body: raw('a') }), 'a GET without its body'],
    ['comments in JSON', post(raw('{} // a', 'json')), 'Comments in JSON'],
    ['a user name', get('http://user@127.0.0.1/a'), 'without a user name'],
    ['a host in letters beyond ASCII', get('http://bücher.example/a'), 'ASCII'],
    ['segments that may be removed', get('{{kit}}/a/../b'), '"."'],
    ['segments that may be removed once they are decoded', get('{{kit}}/a/%2e%2E'), '"."'],
    ['a scheme that is not HTTP', get('ftp://127.0.0.1/a'), 'such as https'],
    ['a variable of the vault', get('{{kit}}/{{vault:a}}'), 'vault'],
    [
      'a key in the query',
      get('{{kit}}/a', { auth: { type: 'apikey', apikey: [field('in', 'query')] } }),
      'authorization "apikey"',
    ],
    [
      'a header that is signed, and is not ASCII',
      get('{{kit}}/a', { header: [field('If-Match', 'é')] }),
      'not printable ASCII',
    ],
  ];

  describe('as one run of what cannot be signed', () => {
    let outcome: Awaited<ReturnType<typeof send>>;
    beforeAll(async () => {
      outcome = await send(refused.map(([name, item]) => ({ name, ...item })));
    });

    it('sends nothing, and fails', () => {
      expect([outcome.status, outcome.received]).toEqual([1, []]);
    });

    it.each(refused)('refuses %s by name', (name, _, says) => {
      expect(outcome.failures.filter((one) => one.name === name)).toEqual([
        { name, message: expect.stringContaining(says) },
      ]);
    });
  });

  it('signs the headers that the caller chooses', async () => {
    const item = get('{{kit}}/orders', { header: [field('X-Account', '{{account}}'), field('X-Trace', 'a')] });
    const { received } = await send([item], { account: '7', countersignSignedHeaders: 'X-Trace, x-account' });
    expect(received.map(({ status }) => status)).toEqual([200]);
    const lacking = await send([get('{{kit}}/orders')], { countersignSignedHeaders: 'X-Trace' });
    expect(lacking.failures.map(({ message }) => message)).toEqual(['The request lacks x-trace']);
    expect(lacking.received).toEqual([]);
  });

  it('signs whatever is typed into an address or a body', async () => {
    const letters = [...'aZ09-_~!$&\'()*+,;=:@/?[]%{}|^`\\"<> é€😀\t'].map((letter) => fc.constant(letter));
    const typed = fc.string({ unit: fc.oneof(...letters), maxLength: 12 });
    const items = fc
      .sample(fc.tuple(typed, typed, fc.boolean(), fc.boolean()), { numRuns: 150, seed: 7 })
      .map(([path, text, isGet, isOff], i) => ({
        ...(isGet ? get(`{{kit}}/${i}/${path}`) : post(raw(text), { url: `{{kit}}/${i}?${path}` })),
        protocolProfileBehavior: { disableUrlEncoding: isOff },
      }));
    const { output, received } = await send(items);
    expect(received.filter(({ status }) => status !== 200)).toEqual([]);
    expect(received.length, output).toBe(items.length);
  });

  it('goes through the situations of the collection', async () => {
    const { status, output } = await send(collection.item[1].item, { countersignCheckResponse: '' });
    expect(status, output).toBe(0);
    const open = server.scenarios().filter(({ state, optional }) => state !== 'passed' && !optional);
    expect(open.map(({ name }) => name)).toEqual(['large-body', 'parallel']);
  });
});
