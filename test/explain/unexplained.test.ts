import fc from 'fast-check';
import { expect, it } from 'vitest';
import { codesOf, explain, type Parts } from './partner.ts';

// Without a fit, everything is tried: each run takes as long as an explanation may.
const runs = { numRuns: 10 };
const segment = fc.stringMatching(/^[A-Za-z0-9._~-]{1,8}$/);
const target = fc
  .tuple(fc.array(segment, { minLength: 1, maxLength: 4 }), fc.array(fc.tuple(segment, segment), { maxLength: 3 }))
  .map(
    ([path, query]) => `/${path.join('/')}${query.length ? `?${query.map((pair) => pair.join('=')).join('&')}` : ''}`,
  );
const body = fc.oneof(
  fc.json(),
  fc.constant(''),
  fc.stringMatching(/^[a-z]{1,5}=[a-z0-9%+]{0,20}$/),
  fc.uint8Array({ maxLength: 64 }),
);
const type = fc.constantFrom('application/json', 'text/plain', 'application/x-www-form-urlencoded');
const parts = fc
  .record({ target, body, type, method: fc.constantFrom('GET', 'POST', 'PUT'), trace: segment })
  .map((made): Partial<Parts> => {
    const headers = { 'content-type': made.type, 'x-trace': made.trace };
    return { target: made.target, body: made.body, method: made.method, headers };
  });

it('finds no cause for a request with a secret that is not that of the key', { timeout: 300_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(parts, fc.uint8Array({ minLength: 16, maxLength: 64 }), async (made, secret) => {
      const partner = { ...made, secret, signedHeaders: ['x-trace'] };
      expect(codesOf(await explain({ partner, received: made }))).toEqual([]);
    }),
    runs,
  );
});

it('finds no cause for a random signature', { timeout: 300_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(parts, fc.uint8Array({ minLength: 32, maxLength: 32 }), async (made, signature) => {
      const partner = { ...made, mac: () => Buffer.from(signature) };
      expect(codesOf(await explain({ partner, received: made }))).toEqual([]);
    }),
    runs,
  );
});
