import { once } from 'node:events';
import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  countersignedFetch,
  createSigner,
  type Fetch,
  generateCredentials,
  redirectFetch,
  retirementFetch,
  signedFetch,
} from 'countersign';
import { protect } from 'countersign/node';
import { createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
import { expect, it, onTestFinished } from 'vitest';

const { accessKey, secret } = generateCredentials();
const signer = createSigner({ accessKey, secret });

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** An API, and in front of it someone who passes the first request on, and replies to all others. */
async function intercepted(): Promise<{ url: string; signature: () => Record<string, string> }> {
  const keys = memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }]);
  const verifier = createVerifier({ keys, replay: memoryReplay() });
  const port = await listen(
    createServer(
      protect(verifier, (_, response) => void setTimeout(() => response.end('honest'), 300), { countersign: 'always' }),
    ),
  );
  let seen = 0;
  const signature: Record<string, string> = {};
  const between = createServer((request, response) => {
    if (++seen > 1) {
      response.end('forged');
      return;
    }
    const { url: path, method, headers } = request;
    for (const [name, value] of Object.entries(headers)) if (name.startsWith('x-api-')) signature[name] = String(value);
    request.pipe(
      httpRequest({ port, host: '127.0.0.1', path, method, headers }, (from) => {
        response.writeHead(from.statusCode ?? 0, from.headers);
        from.pipe(response);
      }),
    );
  });
  return { url: `http://127.0.0.1:${await listen(between)}/balance`, signature: () => signature };
}

const outcome = (call: Promise<Response>): Promise<string> =>
  call.then(
    (response) => response.text(),
    ({ code }) => String(code),
  );

const checking: ReadonlyArray<[string, () => Fetch]> = [
  ['countersignedFetch', () => countersignedFetch(signer)],
  ['redirectFetch over it', () => redirectFetch(signer, { fetch: countersignedFetch(signer) })],
  ['retirementFetch over it', () => retirementFetch(signer, { fetch: countersignedFetch(signer), onRetirement() {} })],
];
const seconds: ReadonlyArray<[string, (request: Request) => Parameters<Fetch>]> = [
  ['the same Request', (request) => [request]],
  ['a clone', (request) => [request.clone()]],
  ['a copy', (request) => [new Request(request)]],
  ['its address and headers', (request) => [request.url, { headers: request.headers }]],
];

it.each(checking.flatMap(([name, make]) => seconds.map(([what, second]) => ({ name, make, what, second }))))(
  '$name checks the response to $what, sent while the first is under way',
  async ({ make, second }) => {
    const { url } = await intercepted();
    const api = make();
    const request = new Request(url);
    const first = outcome(api(request));
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(await outcome(api(...second(request)))).toBe('response_unsigned');
    expect(await first).toBe('honest');
  },
);

it('checks the response to a request with the signature of one that is under way', async () => {
  const { url, signature } = await intercepted();
  const api = countersignedFetch(signer);
  const first = outcome(api(url));
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(Object.keys(signature())).toContain('x-api-signature');
  expect(await outcome(api(url, { headers: signature() }))).toBe('response_unsigned');
  expect(await first).toBe('honest');
});

it('signs a Request anew each time, and leaves it as it was', async () => {
  const keys = memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }]);
  const verifier = createVerifier({ keys, replay: memoryReplay() });
  const port = await listen(createServer(protect(verifier, (_, response) => void response.end('honest'))));
  const request = new Request(`http://127.0.0.1:${port}/`);
  const api = signedFetch(signer);
  const calls = await Promise.all([api(request), api(request), api(request)]);
  expect(calls.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect([...request.headers.keys()]).toEqual([]);
});
