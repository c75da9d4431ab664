import { createSigner, generateCredentials, signedFetch } from 'countersign';
import { signingHooks } from 'countersign/ky';
import { createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
import ky from 'ky';
import { HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

const api = 'https://api.example.com/v1';
const credentials = generateCredentials();
const { accessKey, secret } = credentials;
const verifier = createVerifier({
  keys: memoryKeys([{ accessKey, service: 'shop', secrets: [credentials] }]),
  replay: memoryReplay(),
});
const signer = createSigner({ accessKey, secret });

/** What an app's own handlers would answer, each only to a request that verifies. */
const server = setupServer(
  http.all(`${api}/*`, async ({ request }) => {
    const seen = request.clone();
    const result = await verifier.verify(request);
    if (!result.ok) return new HttpResponse(result.response.body, result.response);
    const { method, url, headers } = seen;
    return HttpResponse.json({ method, url, type: headers.get('content-type'), text: await seen.text() });
  }),
);
beforeAll(() => server.listen({ onUnhandledRequest: 'error' }));
afterAll(() => server.close());

type Seen = { method: string; url: string; type: string | null; text: string };

describe("an app's tests with msw", () => {
  let attempts = 0;
  beforeEach(() => {
    attempts = 0;
    server.resetHandlers();
  });
  const client = ky.create({ prefix: api, hooks: signingHooks(signer), retry: { limit: 2, delay: () => 1 } });

  it('see what ky signed', async () => {
    expect(await client.get('orders', { searchParams: { q: 'a b' } }).json<Seen>()).toMatchObject({
      method: 'GET',
      url: `${api}/orders?q=a+b`,
    });
    expect(await client.post('orders', { json: { sku: 'A-1' } }).json<Seen>()).toMatchObject({
      type: 'application/json',
      text: '{"sku":"A-1"}',
    });
  });

  it('see what signedFetch signed', async () => {
    const form = new FormData();
    form.set('file', new File(['content'], 'name.txt'));
    for (const body of ['text', new Uint8Array([1]), form, new Blob(['b']), new URLSearchParams('a=b')]) {
      const response = await signedFetch(signer)(`${api}/orders`, { method: 'PUT', body });
      expect(response.status).toBe(200);
    }
  });

  it('see every retry signed anew', async () => {
    const nonces = new Set<string | null>();
    server.use(
      http.get(`${api}/busy`, async ({ request }) => {
        nonces.add(request.headers.get('x-api-nonce'));
        const { ok } = await verifier.verify(request);
        attempts++;
        return new HttpResponse(null, { status: !ok ? 401 : attempts < 3 ? 503 : 200 });
      }),
    );
    expect((await client.get('busy')).status).toBe(200);
    expect(nonces.size).toBe(3);
  });

  it('see an unsigned and a forged request refused', async () => {
    expect((await fetch(`${api}/orders`)).status).toBe(401);
    const signed = await signer.sign(new Request(`${api}/orders`));
    const forged = new Request(`${api}/orders?all`, { headers: signed.headers });
    expect((await fetch(forged)).status).toBe(401);
  });
});
