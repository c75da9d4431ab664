import { createSigner, type Signer } from 'countersign';
import { createKitServer, type KitServer } from 'countersign/kit';
import { defineScheme } from 'countersign/schemes';
import { describe, expect, it } from 'vitest';
import { partner } from '../schemes/define/rig.ts';

const credentials = { accessKey: 'partner-1', secret: 'a secret of more than sixteen bytes' };
const origin = 'http://127.0.0.1:9400';
const time = Date.UTC(2026, 10, 22, 12);

function stage(): { readonly server: KitServer; readonly signer: Signer } {
  return {
    server: createKitServer({ credentials, clock: () => time }),
    signer: createSigner({ ...credentials, clock: () => time }),
  };
}

const stateOf = (server: KitServer, name: string) => server.scenarios().find((one) => one.name === name);

describe('a kit server', () => {
  it('responds to a good request with a countersignature', async () => {
    const { server, signer } = stage();
    const response = await server.handle(await signer.sign(`${origin}/orders?q=a%20b`));
    expect([response.status, response.headers.has('x-api-signature')]).toEqual([200, true]);
    expect(stateOf(server, 'query-blank')).toMatchObject({ state: 'passed' });
    expect(stateOf(server, 'query-plus')).toMatchObject({ state: 'open' });
  });

  it('explains a request that differs', async () => {
    const { server, signer } = stage();
    const request = await signer.sign(`${origin}/orders`);
    const response = await server.handle(new Request(`${origin}/orders/`, request));
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({
      code: 'signature_mismatch',
      explanation: { differences: [{ code: 'path-slash' }], stringToSign: expect.stringContaining('/orders/') },
    });
  });

  it('tells everything to its callback', async () => {
    const seen: unknown[] = [];
    const server = createKitServer({ credentials, onRequest: (one) => seen.push(one) });
    await server.handle(new Request(`${origin}/a`));
    expect(seen).toEqual([
      { method: 'GET', target: '/a', status: 401, explanation: expect.objectContaining({ code: 'missing_signature' }) },
    ]);
  });

  it('shows the list without a signature', async () => {
    const { server } = stage();
    const response = await server.handle(new Request(`${origin}/kit`));
    expect([response.status, await response.json()]).toEqual([200, { scenarios: server.scenarios() }]);
  });

  it('finds a retry with the same nonce, and passes one with another', async () => {
    const { server, signer } = stage();
    const request = await signer.sign(`${origin}/kit/retry`);
    expect((await server.handle(request.clone())).status).toBe(503);
    expect((await server.handle(request.clone())).status).toBe(401);
    expect(stateOf(server, 'retry')).toMatchObject({
      state: 'failed',
      note: expect.stringContaining('nonce was used again'),
    });
    expect((await server.handle(await signer.sign(`${origin}/kit/retry`))).status).toBe(200);
    expect(stateOf(server, 'retry')).toMatchObject({ state: 'passed' });
  });

  it('finds a redirect that is followed with the first signature', async () => {
    const { server, signer } = stage();
    const request = await signer.sign(`${origin}/kit/redirect-same`);
    const { status, headers } = await server.handle(request.clone());
    expect([status, headers.get('location')]).toEqual([307, '/kit/redirected']);
    expect((await server.handle(new Request(`${origin}/kit/redirected`, request))).status).toBe(401);
    expect(stateOf(server, 'redirect-same')).toMatchObject({ state: 'failed' });
    expect((await server.handle(await signer.sign(`${origin}/kit/redirected`))).status).toBe(200);
    expect(stateOf(server, 'redirect-same')).toMatchObject({ state: 'passed' });
  });

  it('finds a signature that goes to another origin', async () => {
    const { server, signer } = stage();
    const request = await signer.sign(`${origin}/kit/redirect-other`);
    const location = (await server.handle(request.clone())).headers.get('location') ?? '';
    expect(location).toBe('http://localhost:9400/kit/elsewhere');
    expect(stateOf(server, 'redirect-other')).toMatchObject({ state: 'passed' });
    expect((await server.handle(new Request(location, request))).status).toBe(404);
    expect(stateOf(server, 'redirect-other')).toMatchObject({ state: 'failed' });
  });

  it('refuses for the clock with its own time, and accepts the corrected one', async () => {
    const { server, signer } = stage();
    const refused = await server.handle(await signer.sign(`${origin}/kit/clock`));
    const told = Number(refused.headers.get('x-api-timestamp')) * 1000;
    expect([refused.status, told]).toEqual([401, time + 600_000]);
    const corrected = createSigner({ ...credentials, clock: () => told });
    expect((await server.handle(await corrected.sign(`${origin}/kit/clock`))).status).toBe(200);
    expect(stateOf(server, 'clock')).toMatchObject({ state: 'passed' });
  });

  it('lets two requests at once meet, and one alone pass on', async () => {
    const { server, signer } = stage();
    const requests = await Promise.all([1, 2].map(() => signer.sign(`${origin}/kit/parallel`)));
    const statuses = await Promise.all(requests.map(async (request) => (await server.handle(request)).status));
    expect(statuses).toEqual([200, 200]);
    expect(stateOf(server, 'parallel')).toMatchObject({ state: 'passed' });
  });

  it('verifies a defined scheme', async () => {
    const server = createKitServer({ credentials, definition: partner, clock: () => time });
    const signer = createSigner({ ...credentials, scheme: defineScheme(partner), clock: () => time });
    expect((await server.handle(await signer.sign(`${origin}/orders`))).status).toBe(200);
    expect((await server.handle(new Request(`${origin}/orders`))).status).toBe(401);
  });

  it('refuses unknown options', () => {
    expect(() => createKitServer({ credentials, port: 1 } as never)).toThrow('port');
  });
});
