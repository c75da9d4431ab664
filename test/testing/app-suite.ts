// What tests of a client app do, for every environment of a test runner.
import { countersignedFetch, createSigner, signedFetch } from 'countersign';
import { signingHooks } from 'countersign/ky';
import { requireSignature, serverResponse, signatureMatchers, testCredentials } from 'countersign/testing';
import ky from 'ky';
import { HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';

const api = 'https://api.example.com/v1';

/** The tests of an app that signs with `signedFetch`, `countersignedFetch` and ky. */
export function describeApp(): void {
  const reports: string[] = [];
  const sent: Request[] = [];
  const network = setupServer(
    http.all(`${api}/*`, requireSignature({ report: (text) => reports.push(text) })),
    http.all(`${api}/*`, async ({ request }) => {
      sent.push(request.clone());
      return HttpResponse.json({ received: await request.text() });
    }),
  );
  beforeAll(() => network.listen({ onUnhandledRequest: 'error' }));
  afterAll(() => network.close());
  afterEach(() => {
    network.resetHandlers();
    reports.length = 0;
    sent.length = 0;
  });
  const signer = createSigner(testCredentials);
  const signed = signedFetch(signer);

  it('lets a signed request go on to the next handler, with its body', async () => {
    const response = await signed(`${api}/orders?q=a b`, { method: 'POST', body: '{"sku":"A-1"}' });
    expect(await response.json()).toEqual({ received: '{"sku":"A-1"}' });
    const got = await ky.post(`${api}/orders`, { json: { sku: 'A-2' }, hooks: signingHooks(signer) }).json();
    expect(got).toEqual({ received: '{"sku":"A-2"}' });
    expect(reports).toEqual([]);
  });

  it('refuses an unsigned request and reports why', async () => {
    const response = await fetch(`${api}/orders`);
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ code: 'missing_signature' });
    expect(reports).toEqual([expect.stringContaining(`Refused GET ${api}/orders: missing_signature`)]);
    expect(sent).toEqual([]);
  });

  it('finds the signer of a request that was sent', async () => {
    expect.extend(signatureMatchers);
    await signed(`${api}/orders`, { method: 'PUT', body: 'x' });
    const { pass } = await signatureMatchers.toBeSignedBy(sent[0], testCredentials);
    expect(pass).toBe(true);
  });

  it('shows the app a refusal that is countersigned for its request', async () => {
    network.use(http.get(`${api}/orders`, ({ request }) => serverResponse('expired_key', { request })));
    const response = await countersignedFetch(signer)(`${api}/orders`);
    expect([response.status, await response.json()]).toMatchObject([401, { code: 'expired_key' }]);
  });
}
