import { azureAppConfiguration, defineScheme } from 'countersign/schemes';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasBarePercent } from '../../../src/core/address.ts';
import { type Attempt, type Sent, sendable } from './attempt.ts';
import { type AzureCall, sentByAzure } from './azure-client.ts';
import { judge, judgeOf } from './judge.ts';
import { signWith } from './sign.ts';
import { tamperings } from './tampering.ts';

const accessKey = 'b-l9-s0:Ab'.replace(':', '.');
const secret = Buffer.from('the secret of nobody, in 32 bytes').toString('base64');
const scheme = defineScheme(azureAppConfiguration);

const name = fc.string({ unit: fc.constantFrom(..."ab/ü+ *'%&=?#~:,()!😀"), minLength: 1, maxLength: 8 });
const call: fc.Arbitrary<AzureCall> = fc.record({
  key: name.map((text) => `k${text}`),
  label: name,
  value: fc.string({ unit: 'grapheme', maxLength: 30 }),
  kind: fc.constantFrom('get', 'set'),
});
const signing = /^(?:authorization|x-ms-date|x-ms-content-sha256)$/;

const unsigned = ({ headers, ...rest }: Sent): Sent => ({
  ...rest,
  headers: Object.fromEntries(Object.entries(headers).filter(([one]) => !signing.test(one))),
});

describe('azureAppConfiguration', () => {
  it("makes the headers of Azure's own client, and verifies its requests once, and not when they were changed", async () => {
    const every = await sentByAzure(fc.sample(call, { numRuns: 40, seed: 7 }), { accessKey, secret });
    expect(every).toHaveLength(40);
    // It sends a % that begins no escape as it is, which a verifier refuses.
    const all = every.filter(({ target }) => !hasBarePercent(target));
    expect(all.length).toBeGreaterThan(30);
    for (const sent of all) {
      const time = Date.parse(sent.headers['x-ms-date'] ?? '');
      const attempt: Attempt = { ...unsigned(sent), accessKey, secret, time, nonce: 'n'.repeat(22), challenge: '' };
      expect(signWith(scheme, attempt)).toEqual(sent);
      const server = judgeOf({ scheme, acceptFindings: [], accessKey, secret, clock: () => time });
      for (const changed of tamperings(sent, [])) {
        if (JSON.stringify(changed.sent) === JSON.stringify(sent)) continue;
        expect([changed.of, await judge(server, changed.sent)]).not.toEqual([changed.of, 'ok']);
      }
      expect(await judge(server, sent)).toBe('ok');
      expect(await judge(server, sent)).toBe('replayed_request');
    }
  });

  it('signs and verifies bytes of every kind', async () => {
    await fc.assert(
      fc.asyncProperty(sendable, async (attempt) => {
        const server = judgeOf({ ...attempt, scheme, acceptFindings: [], clock: () => attempt.time });
        expect(await judge(server, signWith(scheme, attempt))).toBe('ok');
      }),
    );
  });
});
