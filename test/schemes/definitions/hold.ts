import { defineScheme, type SchemeDefinition } from 'countersign/schemes';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { startBridge } from '../../server-bridge.ts';
import { type Attempt, type Oracle, type Sent, sendable } from './attempt.ts';
import { judgeOf, send } from './judge.ts';
import { signWith } from './sign.ts';
import { codesOf, tamperings } from './tampering.ts';

export type Held = {
  readonly definition: SchemeDefinition;
  readonly oracle: Oracle;
  /** What the oracle can sign. @default everything that fetch can send */
  readonly attempts?: fc.Arbitrary<Attempt>;
};

// An empty body can be neither shortened nor taken away.
const differs = (one: Sent, other: Sent): boolean => JSON.stringify(one) !== JSON.stringify(other);

/** Holds a ready definition against an implementation that is not ours, in both directions. */
export function hold({ definition, oracle, attempts = sendable }: Held): void {
  const scheme = defineScheme(definition);
  const open = codesOf(scheme);

  it('signs any request to the byte as the other does', async () => {
    await fc.assert(
      fc.asyncProperty(attempts, async (attempt) => {
        expect(signWith(scheme, attempt)).toEqual(await oracle.sign(attempt));
      }),
      { numRuns: 100 },
    );
  });

  it('signs what the other accepts, and does not when it was changed', async () => {
    await fc.assert(
      fc.asyncProperty(attempts, async (attempt) => {
        const { accessKey, secret } = attempt;
        const sent = signWith(scheme, attempt);
        expect(await oracle.accepts({ ...sent, accessKey, secret })).toBe(true);
        for (const { of, sent: changed } of tamperings(sent, open)) {
          expect([of, await oracle.accepts({ ...changed, accessKey, secret })]).toEqual([of, !differs(changed, sent)]);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('verifies over HTTP what the other signed, once, and refuses it when it was changed', async () => {
    for (const attempt of fc.sample(attempts, { numRuns: 8, seed: 1 })) {
      const { accessKey, secret, time } = attempt;
      const judge = judgeOf({ scheme, acceptFindings: open, accessKey, secret, clock: () => time });
      const bridge = await startBridge({ verifier: judge.verifier });
      const authority = new URL(bridge.origin).host;
      const sent = await oracle.sign({ ...attempt, scheme: 'http', authority, challenge: judge.challenge() });
      for (const { of, sent: changed } of tamperings(sent, [...open, 'host-unsigned'])) {
        if (differs(changed, sent)) expect([of, (await send(changed)).ok]).toEqual([of, false]);
      }
      expect(await (await send(sent)).json()).toMatchObject({ method: sent.method, target: sent.target });
      expect((await send(sent)).status).toBe(401);
      await bridge.close();
    }
  });
}
