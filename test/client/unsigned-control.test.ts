// What somebody in between can make a client do by messages that nobody has signed.
import {
  correctedClock,
  countersignedFetch,
  createSigner,
  type Fetch,
  generateCredentials,
  redirectFetch,
} from 'countersign';
import { createVerifier, memoryKeys, memoryReplay, protect } from 'countersign/server';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const origin = 'https://api.example.com';

/** A server that countersigns everything, and somebody in between who may change its responses. */
function connected(between: (response: Response, url: string) => Response = (response) => response) {
  const { accessKey, secret } = generateCredentials();
  const verifier = createVerifier({
    keys: memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }]),
    replay: memoryReplay(),
  });
  const carriedOut: string[] = [];
  const server = protect(
    verifier,
    async (request) => {
      const { pathname } = new URL(request.url);
      carriedOut.push(`${request.method} ${pathname} ${await request.text()}`);
      return pathname === '/v1/drafts/1'
        ? new Response(null, { status: 307, headers: { location: '/v1/drafts/2' } })
        : new Response('deleted');
    },
    { countersign: 'always' },
  );
  const fetch: Fetch = async (input, init) => {
    const request = new Request(input, init);
    return between(await server(request), request.url);
  };
  return { signer: createSigner({ accessKey, secret }), fetch, carriedOut };
}

const redirectTo = (location: string) => new Response(null, { status: 307, headers: { location } });
const deletion = { method: 'DELETE', body: '{"force":true}' };

describe('redirectFetch above countersignedFetch', () => {
  const over = ({ signer, fetch }: ReturnType<typeof connected>) =>
    redirectFetch(signer, { fetch: countersignedFetch(signer, { fetch }), methods: ['DELETE'] });

  it('follows a redirect that the server has signed, also of a DELETE', async () => {
    const honest = connected();
    const response = await over(honest)(`${origin}/v1/drafts/1`, deletion);
    expect([response.status, await response.text()]).toEqual([200, 'deleted']);
    expect(honest.carriedOut).toEqual(['DELETE /v1/drafts/1 {"force":true}', 'DELETE /v1/drafts/2 {"force":true}']);
  });

  it.each<[string, (response: Response) => Response]>([
    ['made up', () => redirectTo('/v1/accounts/1?force=yes')],
    [
      'changed in its Location',
      (response) =>
        new Response(null, {
          status: 307,
          headers: { ...Object.fromEntries(response.headers), location: '/v1/accounts/1' },
        }),
    ],
    ['changed in its status', (response) => new Response(null, { status: 308, headers: response.headers })],
  ])('follows none that was %s in between', async (_, between) => {
    const attacked = connected(between);
    await expect(over(attacked)(`${origin}/v1/drafts/1`, deletion)).rejects.toMatchObject({
      code: expect.stringMatching(/^response_(unsigned|mismatch)$/),
    });
    expect(attacked.carriedOut).toHaveLength(1);
  });

  it('does not take the response of one path for that of another', async () => {
    const attacked = connected((response, url) =>
      url.endsWith('/v1/drafts/1') ? redirectTo('/v1/accounts/1') : response,
    );
    await expect(over(attacked)(`${origin}/v1/drafts/1`, deletion)).rejects.toMatchObject({
      code: 'response_unsigned',
    });
    expect(attacked.carriedOut).toEqual(['DELETE /v1/drafts/1 {"force":true}']);
  });
});

describe('correctedClock', () => {
  const server = 1_700_000_000_000;

  it.each([0, 200, 4_900])('is right to a few seconds after an exchange of %i ms', (took) => {
    let now = server - 3_600_000;
    const clock = correctedClock(() => now);
    const sentAt = now;
    now += took;
    clock.correct(server, sentAt);
    expect(Math.abs(clock.offset() - 3_600_000)).toBeLessThanOrEqual(took / 2 + 500);
  });

  it.each([-7_200_000, -6_000, -500])('is right if the system clock is set back by %i ms during an exchange', (set) => {
    let now = server - 3_600_000;
    const clock = correctedClock(() => now);
    const sentAt = now;
    now += 200 + set;
    clock.correct(server, sentAt);
    expect(Math.abs(clock() - (server + 200))).toBeLessThanOrEqual(1000);
  });

  it.each([5_001, 60_000, 300_000])('is not set ahead by who holds the response back for %i ms', (held) => {
    let now = server;
    const clock = correctedClock(() => now);
    const sentAt = now;
    // The server reads its clock at once; the response is held back.
    now += held;
    clock.correct(server, sentAt);
    expect(clock.offset()).toBeLessThanOrEqual(0);
  });

  it('is not moved, if it is right, by who holds the exchange back, and never set ahead', () => {
    const hold = fc.integer({ min: 0, max: 900_000 });
    const fault = fc.oneof(fc.constant(0), fc.integer({ min: -3_600_000, max: 3_600_000 }));
    fc.assert(
      fc.property(fault, hold, hold, (wrong, request, response) => {
        // The true time, of which the server tells whole seconds.
        let now = server + 123;
        const clock = correctedClock(() => now + wrong);
        const sentAt = clock();
        now += request;
        const told = Math.floor(now / 1000) * 1000;
        now += response;
        clock.correct(told, sentAt);
        const ahead = clock() - now;
        if (Math.abs(wrong) < 1) expect(Math.abs(ahead)).toBeLessThanOrEqual(3000);
        expect(ahead).toBeLessThanOrEqual(Math.max(3000, Math.min(wrong, request + response + 1000)));
        expect(ahead).toBeGreaterThanOrEqual(Math.min(-3000, -request - response - 1000));
      }),
    );
  });

  it('that is ahead for certain is set back, so that nobody keeps it ahead', () => {
    let now = server;
    const clock = correctedClock(() => now + 3_600_000);
    const sentAt = clock();
    now += 60_000;
    clock.correct(server, sentAt);
    expect(clock() - now).toBe(-60_000);
  });

  it.each([5_001, 60_000, 300_000])('is not set ahead by who holds the request back for %i ms', (held) => {
    let now = server;
    const clock = correctedClock(() => now);
    const sentAt = now;
    now += held;
    clock.correct(server + held, sentAt);
    expect(clock.offset()).toBeLessThanOrEqual(0);
  });
});
