import { defineScheme, type SchemeDefinition } from 'countersign/schemes';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { noon } from '../../server/rig.ts';
import { judge, judgeOf } from '../definitions/judge.ts';
import { published, textBytes } from '../definitions/published.ts';
import { signWith } from '../definitions/sign.ts';
import { codesOf, misspellings, tamperings } from '../definitions/tampering.ts';

const headers = { 'content-type': 'application/json' };
const attempt = published({
  method: 'POST',
  target: '/v1/orders?limit=10&after=a%2Fb',
  headers,
  body: textBytes('{"amount":1}'),
  accessKey: 'partner-1',
  secret: 'a secret of 32 bytes, for tests.',
  time: noon,
});

const signed = ['{method}', '{host}', '{target}', '{header.content-type}', '{body|sha256|hex}'];
const carried = ['{accessKey}', '{timestamp}', '{nonce}'];

/** Any of what can be signed, in any order; what is carried stands in one header, or in one each. */
const definitions: fc.Arbitrary<SchemeDefinition> = fc
  .record({
    order: fc
      .shuffledSubarray(signed)
      .chain((some) => fc.shuffledSubarray([...some, ...carried], { minLength: some.length + carried.length })),
    line: fc.constantFrom('\n', '\n-\n', '\nx:'),
    between: fc.constantFrom(':', ', ', ' ', ';'),
    together: fc.boolean(),
    algorithm: fc.constantFrom('hmac-sha256' as const, 'hmac-sha384' as const, 'hmac-sha512' as const),
    signature: fc.constantFrom('hex' as const, 'hex-upper' as const, 'base64' as const, 'base64url' as const),
    timestamp: fc.constantFrom('unix-seconds' as const, 'unix-milliseconds' as const, 'iso-8601-basic' as const),
  })
  .map(({ order, line, between, together, ...forms }) => ({
    name: 'random',
    ...forms,
    stringToSign: order.join(line),
    headers: together
      ? { Authorization: `R ${[...carried, '{signature}'].join(between)}` }
      : { 'X-Key': '{accessKey}', 'X-Time': '{timestamp}', 'X-Nonce': '{nonce}', 'X-Signature': '{signature}' },
  }));

it('a request signed by any definition is read as it was signed, and refused with anything of it changed', async () => {
  await fc.assert(
    fc.asyncProperty(definitions, async (definition) => {
      const scheme = defineScheme(definition);
      const server = judgeOf({ ...attempt, scheme, acceptFindings: codesOf(scheme), clock: () => noon });
      const sent = signWith(scheme, attempt);
      const changed = [...tamperings(sent, codesOf(scheme)), ...misspellings(sent, headers)];
      const accepted: string[] = [];
      for (const { of, sent: other } of changed) if ((await judge(server, other)) === 'ok') accepted.push(of);
      expect(accepted).toEqual([]);
      expect(await judge(server, sent)).toBe('ok');
      expect(await judge(server, sent)).toBe('replayed_request');
    }),
    { numRuns: 30 },
  );
});
