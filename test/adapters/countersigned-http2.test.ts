import { createServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { countersignedFetch, createSigner, generateCredentials } from 'countersign';
import { protect } from 'countersign/node';
import { createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
import { expect, it } from 'vitest';
import { fetchOver, sendHttp2 } from './wire.ts';

type Handle = (response: Http2ServerResponse) => void;

/** Calls a server for HTTP/2 that signs every response, and closes it. */
async function called(method: string, handle: Handle): Promise<{ status: number; text: string }> {
  const { accessKey, secret } = generateCredentials();
  const verifier = createVerifier({
    keys: memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }]),
    replay: memoryReplay(),
  });
  const gate = protect<Http2ServerRequest, Http2ServerResponse>(verifier, (_, response) => handle(response), {
    countersign: 'always',
  });
  const server = createServer(gate);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const signer = createSigner({ accessKey, secret });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    const statuses: number[] = [];
    const fetch: typeof globalThis.fetch = async (...given) => {
      const response = await fetchOver(sendHttp2)(...given);
      statuses.push(response.status);
      return response;
    };
    const text = await countersignedFetch(signer, { fetch })(`${origin}/`, { method }).then(
      (response) => response.text(),
      ({ code }) => code,
    );
    return { status: statuses[0] ?? 0, text };
  } finally {
    server.close();
  }
}

const types = ['text/html', 'text/plain'];

it.each<[string, Handle]>([
  [
    'a header with one value twice',
    (response) => {
      response.setHeader('Content-Type', types);
      response.end('done');
    },
  ],
  [
    'the same without a body',
    (response) => {
      response.setHeader('Content-Type', types);
      response.end();
    },
  ],
  [
    'a location twice',
    (response) => {
      response.appendHeader('Location', '/a');
      response.appendHeader('Location', '/b');
      response.end('done');
    },
  ],
])('a countersigned response over HTTP/2 with %s is a 500', async (_, handle) => {
  for (const method of ['GET', 'HEAD', 'POST']) {
    expect(await called(method, handle)).toEqual({ status: 500, text: 'response_unsigned' });
  }
});

it('a countersigned response over HTTP/2 is verified, with a body and without', async () => {
  expect(await called('GET', (response) => void response.end('done'))).toEqual({ status: 200, text: 'done' });
  expect(await called('HEAD', (response) => void response.end('done'))).toEqual({ status: 200, text: '' });
  expect(await called('POST', (response) => void response.writeHead(204).end())).toEqual({ status: 204, text: '' });
});
