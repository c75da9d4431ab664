import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createHttp2Server, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import { type AddressInfo, connect } from 'node:net';
import { promisify } from 'node:util';
import { createSigner, generateCredentials } from 'countersign';
import { protect } from 'countersign/node';
import { countersignV1, rfc9421, sigv4 } from 'countersign/schemes';
import { createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
import { expect, it, onTestFinished } from 'vitest';

const fields = [
  ['if-match', '"a", "b"'],
  ['if-none-match', '"a", "b"'],
  ['range', 'bytes=0-9, 20-29'],
  ['content-encoding', 'gzip, br'],
  ['if-range', 'Mon, 30 Nov 2020 08:00:00 GMT'],
  ['if-modified-since', 'Mon, 30 Nov 2020 08:00:00 GMT'],
  ['if-unmodified-since', 'Mon, 30 Nov 2020 08:00:00 GMT'],
  ['content-type', 'text/a, text/b'],
] as const;
const schemes = [countersignV1, rfc9421(), sigv4({ region: 'r', service: 's' })];
const cases = schemes.flatMap((scheme) =>
  fields.map(([name, value]) => [scheme.name, name, { scheme, value }] as const),
);

it.each(cases)('%s: a signed %s that is cut into two lines reaches no handler', async (_, name, { scheme, value }) => {
  const pair = generateCredentials();
  const verifier = () =>
    createVerifier({
      keys: memoryKeys([{ accessKey: pair.accessKey, service: 'shop', secrets: [pair] }]),
      replay: memoryReplay(),
      publicOrigin: 'http://api.example.com',
      scheme,
    });
  const signed = await createSigner({ credentials: pair, scheme }).sign('http://api.example.com/d', {
    ...{ method: 'PUT', body: 'new' },
    headers: { 'content-type': 'text/plain', [name]: value },
  });
  const whole = [...signed.headers].map(([field, text]) => [field, [text]] as const);
  const cut = whole.map(([field, texts]) =>
    field === name ? ([field, value.split(', ')] as const) : ([field, texts] as const),
  );
  expect(await http1(verifier(), cut)).toContain('malformed_field');
  // The refusal may overtake the body, and then curl gives up on its stream.
  expect(await http2(verifier(), cut).catch(({ stdout }) => stdout)).not.toContain('seen');
  expect(await http1(verifier(), whole)).toContain(`seen ${value}`);
  expect(await http2(verifier(), whole)).toBe(`seen ${value}`);

  async function http1(to: ReturnType<typeof verifier>, lines: typeof whole | typeof cut): Promise<string> {
    const server = createServer(protect(to, (request, response) => void response.end(`seen ${request.headers[name]}`)));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    const head = lines.flatMap(([field, texts]) => texts.map((text) => `${field}: ${text}\r\n`)).join('');
    socket.write(
      `PUT /d HTTP/1.1\r\nHost: api.example.com\r\nConnection: close\r\nContent-Length: 3\r\n${head}\r\nnew`,
    );
    let text = '';
    for await (const chunk of socket) text += chunk;
    return text;
  }

  // By curl, because Node's own client sends these once.
  async function http2(to: ReturnType<typeof verifier>, lines: typeof whole | typeof cut): Promise<string> {
    const handler = protect<Http2ServerRequest, Http2ServerResponse>(to, (request, response) => {
      response.end(`seen ${request.headers[name]}`);
    });
    const server = createHttp2Server(handler).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/d`;
    const fields = lines.flatMap(([field, texts]) => texts.flatMap((text) => ['-H', `${field}: ${text}`]));
    const options = ['-s', '--http2-prior-knowledge', '-X', 'PUT', '-d', 'new', '-H', 'Host: api.example.com'];
    return (await promisify(execFile)('curl', [...options, ...fields, address])).stdout;
  }
});
