// Fields of a signature that are repeated, or that a handler sets itself.
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { countersignedFetch, createSigner, generateCredentials, prepareRequest } from 'countersign';
import { protect as protectNode } from 'countersign/node';
import { createVerifier, memoryKeys, memoryReplay, protect } from 'countersign/server';
import { describe, expect, it, onTestFinished } from 'vitest';

const { accessKey, secret } = generateCredentials();
const signer = createSigner({ accessKey, secret });
const verifierOf = () =>
  createVerifier({
    keys: memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }]),
    replay: memoryReplay(),
  });

async function listening(handler: Parameters<typeof protectNode>[1]): Promise<string> {
  const server = createServer(protectNode(verifierOf(), handler, { countersign: 'always' }));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('X-API-Signature', () => {
  const statusOf = (origin: string, change: (signature: string) => string | string[]): Promise<number | undefined> => {
    const { url, headers } = prepareRequest(signer, { url: `${origin}/` });
    const signature = change(headers['X-API-Signature'] ?? '');
    return new Promise((resolve, reject) => {
      const sent = request(url, { headers: { ...headers, 'X-API-Signature': signature } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      sent.on('error', reject).end();
    });
  };
  const other = `v1=${'0'.repeat(64)}`;

  it('may hold several signatures in one field, and may not be repeated', async () => {
    const origin = await listening((_, response) => void response.end('ok'));
    expect(await statusOf(origin, (signature) => `${other}, ${signature}`)).toBe(200);
    expect(await statusOf(origin, (signature) => [other, signature])).toBe(400);
    expect(await statusOf(origin, (signature) => [signature, signature])).toBe(400);
  });
});

describe('a handler that sets fields of the countersignature itself', () => {
  const own = {
    'Unencoded-Digest': `sha-256=:${btoa('x'.repeat(32))}:`,
    'X-API-Timestamp': '1',
    'X-API-Signature': `v1=${'0'.repeat(64)}`,
  };

  it.each([
    ['HEAD', 200],
    ['GET', 204],
    ['GET', 304],
    ['GET', 200],
  ])('responds to %s with %i as if it had not', async (method, status) => {
    const web = protect(verifierOf(), () => new Response(status === 200 ? 'body' : null, { status, headers: own }), {
      countersign: 'always',
    });
    const overWeb = countersignedFetch(signer, {
      fetch: async (input, init) => {
        const response = await web(new Request(input, init));
        // The wire carries no body of these.
        return method === 'HEAD' ? new Response(null, response) : response;
      },
    });
    expect((await overWeb('https://api.example.com/', { method })).status).toBe(status);
    const origin = await listening((_, response) => {
      response.statusCode = status;
      for (const [name, value] of Object.entries(own)) response.setHeader(name, value);
      response.end(status === 200 ? 'body' : '');
    });
    expect((await countersignedFetch(signer)(`${origin}/`, { method })).status).toBe(status);
  });
});
