import { createServer } from 'node:http';
import {
  clockFetch,
  correctedClock,
  createSigner,
  type Fetch,
  generateCredentials,
  issueSession,
  renewing,
} from 'countersign';
import { protect } from 'countersign/node';
import { rfc9421 } from 'countersign/schemes';
import { countersignV1, createVerifier, memoryKeys, memoryReplay, type VerifierOptions } from 'countersign/server';
import { afterEach, describe, expect, it } from 'vitest';
import { type App, listening } from '../adapters/adapter.ts';
import { endless } from './endless.ts';

const opened: App[] = [];
afterEach(async () => {
  for (const app of opened.splice(0)) await app.close();
});

const hour = 3_600_000;

/** A server that countersigns none of its handler's responses, and a caller whose clock is late. */
async function rig({ scheme = countersignV1, ...options }: Partial<VerifierOptions> = {}) {
  const parent = generateCredentials();
  const codes: string[] = [];
  const verifier = createVerifier({
    keys: memoryKeys([{ accessKey: parent.accessKey, service: 'shop', secrets: [parent] }]),
    replay: memoryReplay(),
    scheme,
    audit: ({ code }) => void codes.push(code ?? 'accepted'),
    ...options,
  });
  const handle = protect(verifier, (_, response, { body }) => void response.end(`read ${body?.length ?? 0}`));
  const app = await listening(createServer(handle));
  opened.push(app);
  return { url: `${app.origin}/orders`, parent, codes };
}

const textOf = async (response: Response) => `${response.status} ${await response.text()}`;

describe.each([countersignV1, rfc9421()])('clockFetch by $name', (scheme) => {
  it.each([-hour, hour, -40 * 365 * 24 * hour])(
    'sets a clock right that is %d ms off, and sends once more',
    async (off) => {
      const { url, parent, codes } = await rig({ scheme });
      const clock = correctedClock(() => Date.now() + off);
      const api = clockFetch(createSigner({ credentials: parent, scheme, clock }), { clock });
      expect(await textOf(await api(url, { method: 'PUT', body: 'sku' }))).toBe('200 read 3');
      expect(Math.abs(clock() - Date.now())).toBeLessThan(2000);
      expect(await textOf(await api(url))).toBe('200 read 0');
      expect(codes).toEqual([off < 0 ? 'stale_timestamp' : 'future_timestamp', 'accepted', 'accepted']);
    },
  );

  it('corrects the clock once for calls at the same time, also of a session', async () => {
    const { url, parent, codes } = await rig({ scheme });
    const clock = correctedClock(() => Date.now() - hour);
    const session = renewing(async () => ({ ...issueSession(parent, { expiresIn: 900 }), expiresIn: 900 }));
    const api = session.fetch(clockFetch(createSigner({ credentials: session, scheme, clock }), { clock }));
    const responses = await Promise.all(Array.from({ length: 5 }, () => api(url)));
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect(codes.filter((code) => code === 'accepted')).toHaveLength(5);
  });
});

describe('clockFetch', () => {
  it.each<[string, (response: Response) => Response | Promise<Response>]>([
    [
      'with another time',
      (response) => changed(response, { 'x-api-timestamp': `${Math.floor(Date.now() / 1000) + 9999}` }),
    ],
    ['with another body', async (response) => new Response(`${await response.text()} `, response)],
    ['without a countersignature', (response) => changed(response, { 'x-api-signature': undefined })],
  ])('believes no refusal %s, and returns it', async (_, tamper) => {
    const { url, parent, codes } = await rig();
    const clock = correctedClock(() => Date.now() - hour);
    const between: Fetch = async (...call) => tamper(await fetch(...call));
    const api = clockFetch(createSigner({ credentials: parent, clock }), { clock, fetch: between });
    const response = await api(url);
    expect([response.status, (await response.json()).code]).toEqual([401, 'stale_timestamp']);
    expect(clock.offset()).toBe(0);
    expect(codes).toEqual(['stale_timestamp']);
  });

  it('does not loop where the server refuses the corrected time as well', async () => {
    const { url, parent, codes } = await rig();
    const clock = correctedClock(() => Date.now() - hour);
    const stubborn = createSigner({ credentials: parent, clock: () => Date.now() - hour });
    expect((await clockFetch(stubborn, { clock })(url)).status).toBe(401);
    expect(codes).toEqual(['stale_timestamp', 'stale_timestamp']);
  });

  it('returns other refusals as they are, and the refusal of a stranger, which is not countersigned', async () => {
    const { url, parent, codes } = await rig();
    const clock = correctedClock(() => Date.now() - hour);
    const stranger = createSigner({ credentials: generateCredentials(), clock });
    expect((await clockFetch(stranger, { clock })(url)).status).toBe(401);
    const wrong = createSigner({ accessKey: parent.accessKey, secret: 'x'.repeat(43) });
    const response = await clockFetch(wrong, { clock })(url);
    expect((await response.json()).code).toBe('invalid_signature');
    expect([codes, clock.offset()]).toEqual([['unknown_key', 'signature_mismatch'], 0]);
  });

  it('returns an unsigned refusal whose body can be cancelled', async () => {
    let cancelled = 0;
    const clock = correctedClock();
    const fetch = async () => endless(() => cancelled++, { status: 401 });
    const response = await clockFetch(createSigner({ credentials: generateCredentials(), clock }), { clock, fetch })(
      'https://api.example.com/',
    );
    await response.body?.cancel();
    expect(cancelled).toBe(1);
  }, 5000);

  it('does not send a stream again', async () => {
    const { url, parent } = await rig();
    const clock = correctedClock(() => Date.now() - hour);
    const body = new Blob(['sku']).stream();
    const call = { method: 'PUT', body, duplex: 'half' } as RequestInit;
    const api = clockFetch(createSigner({ credentials: parent, clock }), { clock });
    expect((await api(url, call)).status).toBe(401);
    expect((await api(url, { method: 'PUT', body: 'sku' })).status).toBe(200);
  });

  it('with public keys believes the key of the server, and corrects nothing without one', async () => {
    const scheme = rfc9421();
    const pair = async () =>
      (await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, [
        'sign',
        'verify',
      ])) as CryptoKeyPair;
    const [own, its] = [await pair(), await pair()];
    const keys = memoryKeys([{ accessKey: 'partner', service: 'shop', secrets: [{ publicKey: own.publicKey }] }]);
    const responseKey = { accessKey: 'server', secret: its.privateKey };
    for (const [more, trusted, status] of [
      [{ responseKey }, { responseKey: its.publicKey }, 200],
      [{}, {}, 401],
    ] as const) {
      const { url } = await rig({ keys, scheme, ...more });
      const clock = correctedClock(() => Date.now() - hour);
      const signer = createSigner({ accessKey: 'partner', secret: own.privateKey, scheme, clock });
      const response = await clockFetch(signer, { clock, ...trusted })(url);
      expect([status, response.status]).toEqual([status, status]);
      expect(response.headers.get('date')).not.toBeNull();
    }
  });

  it('refuses options that cannot work', () => {
    const signer = createSigner(generateCredentials());
    expect(() => clockFetch(signer, { clock: correctedClock(), time: 1 } as never)).toThrow('time');
    expect(() => clockFetch(signer, {} as never)).toThrow(expect.objectContaining({ code: 'invalid_configuration' }));
  });
});

function changed(response: Response, fields: Readonly<Record<string, string | undefined>>): Response {
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) headers.delete(name);
    else headers.set(name, value);
  }
  return new Response(response.body, { status: response.status, headers });
}
