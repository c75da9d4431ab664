// An app that makes its signer itself, in a module that its test does not change.
import { createSigner, generateCredentials, prepareRequest } from 'countersign';
import { protect } from 'countersign/server';
import {
  resetNonces,
  testClock,
  testCredentials,
  testSigner,
  testVerifier,
  withTestSigners,
} from 'countersign/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { orderHeaders } from './app.ts';

vi.mock('countersign', async (importOriginal) => {
  const { withTestSigners } = await import('countersign/testing');
  return withTestSigners(await importOriginal<typeof import('countersign')>());
});

beforeEach(resetNonces);
afterEach(() => void vi.useRealTimers());

describe('withTestSigners', () => {
  const first = {
    'X-API-Key': testCredentials.accessKey,
    'X-API-Timestamp': '1767225600',
    'X-API-Nonce': '00000000000000000000000000000001',
  };

  it.each(['first', 'second'])('gives an app the same signatures in every run and the %s test', () => {
    expect(orderHeaders()).toEqual({
      ...first,
      'X-API-Signature': 'v1=3c661f8a2af3d59f28b2e08762755a7c28a251fa3b672a4acd1c50f9e13e0e91',
    });
    expect(orderHeaders()).toMatchObject({ 'X-API-Nonce': '00000000000000000000000000000002' });
  });

  it('signs what a verifier with the same clock accepts', async () => {
    const server = protect(testVerifier({ clock: testClock, report: () => {} }), () => new Response('ok'));
    const request = new Request('https://api.example.com/v1/orders', { headers: orderHeaders() });
    expect((await server(request.clone())).status).toBe(200);
    expect((await server(request)).status).toBe(401);
  });

  it('keeps a generated secret, which is not enumerable, and every check of the real signer', () => {
    const credentials = generateCredentials();
    expect(prepareRequest(createSigner(credentials), { url: 'https://api.example.com/' }).headers).toMatchObject({
      'X-API-Key': credentials.accessKey,
    });
    expect(() => createSigner({ accessKey: 'a', secret: 'short' })).toThrow('at least 16 needed');
    expect(() => createSigner({ ...testCredentials, clok: Date.now } as never)).toThrow('takes no clok');
  });

  it('does not use the clock and the nonces that the app sets', () => {
    const own = createSigner({ ...testCredentials, clock: () => 0, nonce: () => 'n'.repeat(20) });
    expect(prepareRequest(own, { url: 'https://api.example.com/' }).headers).toMatchObject(first);
  });

  it('takes another clock, for fake timers', async () => {
    vi.useFakeTimers({ now: Date.UTC(2030, 0, 1), toFake: ['Date'] });
    const actual = await vi.importActual<typeof import('countersign')>('countersign');
    const timed = withTestSigners(actual, { clock: () => Date.now() }).createSigner(testCredentials);
    const { headers } = prepareRequest(timed, { url: 'https://api.example.com/' });
    expect(headers).toMatchObject({ ...first, 'X-API-Timestamp': '1893456000' });
  });

  it('leaves everything else as the real module has it', async () => {
    const actual = await vi.importActual<typeof import('countersign')>('countersign');
    const { createSigner: _, ...rest } = withTestSigners(actual);
    expect(rest).toEqual(Object.fromEntries(Object.entries(actual).filter(([name]) => name !== 'createSigner')));
  });

  it('refuses another module and unknown options', () => {
    expect(() => withTestSigners({} as never)).toThrow('takes first the module countersign');
    expect(() => withTestSigners({ createSigner }, { now: 1 } as never)).toThrow('has no option "now"');
  });
});

describe('testSigner', () => {
  it('signs with the test credentials, as the app does', () => {
    const { headers } = prepareRequest(testSigner(), { url: 'https://api.example.com/v1/orders' });
    resetNonces();
    expect(headers).toEqual(orderHeaders());
  });

  it('never gives the nonce of another signer, so that no request looks like a replay', async () => {
    const server = protect(testVerifier({ clock: testClock, report: () => {} }), () => new Response('ok'));
    for (const signer of [testSigner(), testSigner()]) {
      expect((await server(await signer.sign('https://api.example.com/'))).status).toBe(200);
    }
  });

  it('takes all options of a signer', () => {
    const { accessKey, secret } = generateCredentials();
    const signer = testSigner({
      credentials: { accessKey, secret },
      signedHeaders: ['x-tenant'],
      clock: () => 1_700_000_000_000,
    });
    const { headers } = prepareRequest(signer, { url: 'https://api.example.com/', headers: { 'X-Tenant': 'a' } });
    expect(headers).toMatchObject({
      'X-API-Key': accessKey,
      'X-API-Timestamp': '1700000000',
      'X-API-Signed-Headers': 'x-tenant',
    });
    expect(() => testSigner({ now: 1 } as never)).toThrow('takes no now');
  });
});

describe('resetNonces', () => {
  it('lets a test verifier forget what it has seen, and nothing else does', async () => {
    const server = protect(testVerifier({ clock: testClock, report: () => {} }), () => new Response('ok'));
    const request = await testSigner().sign('https://api.example.com/');
    expect((await server(request)).status).toBe(200);
    expect((await server(request)).status).toBe(401);
    resetNonces();
    expect((await server(request)).status).toBe(200);
    expect((await server(request)).status).toBe(401);
  });
});
