import { createSigner, generateCredentials } from 'countersign';
import { rfc9421 } from 'countersign/schemes';
import { createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
import { requireSignature, testCredentials, testVerifier } from 'countersign/testing';
import { describe, expect, it, vi } from 'vitest';

const url = 'https://api.example.com/v1/orders';
const signer = createSigner(testCredentials);

function rig(options: Parameters<typeof requireSignature>[0] = {}) {
  const reports: string[] = [];
  const resolve = requireSignature({ report: (text) => reports.push(text), ...options });
  return { reports, status: async (request: Request) => (await resolve({ request }))?.status };
}

describe('requireSignature', () => {
  it('leaves the body of a request to the next handler', async () => {
    const { status } = rig();
    const request = await signer.sign(url, { method: 'POST', body: 'text' });
    expect(await status(request)).toBe(undefined);
    expect(await request.text()).toBe('text');
  });

  it('refuses a replay, a changed request, a clock that is wrong and a key that is not known', async () => {
    const { status, reports } = rig();
    const request = await signer.sign(url);
    expect(await status(request)).toBe(undefined);
    expect(await status(request)).toBe(401);
    expect(await status(new Request(`${url}/`, await signer.sign(url)))).toBe(401);
    expect(await status(await createSigner({ ...testCredentials, clock: () => Date.now() - 360_000 }).sign(url))).toBe(
      401,
    );
    expect(await status(await createSigner(generateCredentials()).sign(url))).toBe(401);
    const codes = reports.map((text) => /^Refused GET \S+: (\w+)\n/.exec(text)?.[1]);
    expect(codes).toEqual(['replayed_request', 'signature_mismatch', 'stale_timestamp', 'unknown_key']);
    expect(reports[1]).toContain('The caller signed the path /v1/orders; /v1/orders/ was received.');
    expect(reports[1]).toContain('See countersign/docs/errors.md#signature_mismatch');
  });

  it('responds as a verifier of a server does', async () => {
    const keys = memoryKeys([{ accessKey: testCredentials.accessKey, service: 'test', secrets: [testCredentials] }]);
    const clock = () => 1_800_000_000_000;
    const real = createVerifier({ keys, replay: memoryReplay({ clock }), clock });
    const request = await signer.sign(url, { method: 'POST', body: 'x' });
    const result = await real.verify(request.clone());
    const response = await requireSignature({ clock, report: () => {} })({ request });
    if (result.ok || !response) return expect.fail('it was accepted');
    expect(response.status).toBe(result.response.status);
    expect(await response.text()).toBe(result.response.body);
    expect(Object.fromEntries(response.headers)).toEqual(Object.fromEntries(new Headers(result.response.headers)));
  });

  it('takes a scope, other keys and several schemes', async () => {
    const { accessKey, secret } = generateCredentials();
    const keys = [{ accessKey, service: 'shop', secrets: [{ secret }], scopes: ['orders:read'] }];
    const scheme = rfc9421();
    const { status, reports } = rig({ keys, scope: 'orders:read', scheme: [rfc9421()] });
    expect(await status(await createSigner({ accessKey, secret, scheme }).sign(url))).toBe(undefined);
    expect(await status(await createSigner({ accessKey, secret }).sign(url))).toBe(401);
    const writing = rig({ keys: memoryKeys(keys), scope: 'orders:write' });
    expect(await writing.status(await createSigner({ accessKey, secret }).sign(url))).toBe(403);
    expect([...reports, ...writing.reports]).toEqual([
      expect.stringContaining('missing_signature'),
      expect.stringContaining('The scopes of the key do not include orders:write.'),
    ]);
  });

  it('prints a warning if there is no report', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    await requireSignature()({ request: new Request(url) });
    expect(warn.mock.calls).toEqual([[expect.stringContaining(`Refused GET ${url}: missing_signature`)]]);
    warn.mockRestore();
  });

  it('refuses unknown options at creation', () => {
    expect(() => requireSignature({ tolerence: 1 } as never)).toThrow('Did you mean tolerance');
    expect(() => testVerifier({ keys: 'key' } as never)).toThrow('keys must be a key store');
  });

  it('names no secret and no signature in a report', async () => {
    const { status, reports } = rig();
    const request = await createSigner({ ...testCredentials, secret: 'a secret that is not known' }).sign(url);
    expect(await status(request)).toBe(401);
    const signature = request.headers.get('x-api-signature')?.slice(3) ?? expect.fail('unsigned');
    expect(reports).toHaveLength(1);
    for (const text of [signature, testCredentials.secret, 'a secret']) expect(reports.join()).not.toContain(text);
  });
});

describe('testVerifier', () => {
  it('explains what it can of a request whose body is a stream of the server', async () => {
    const reports: string[] = [];
    const verifier = testVerifier({ report: (text) => reports.push(text) });
    const body = new Blob(['x']).stream();
    const headers = new Headers();
    await verifier.verify({ method: 'POST', authority: 'api.example.com', target: '/v1/orders', headers, body });
    expect(reports).toEqual([expect.stringContaining('missing_signature\nThe request is not signed')]);
  });
});
