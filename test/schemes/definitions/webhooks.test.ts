import { createHmac } from 'node:crypto';
import { defineScheme, githubWebhooks, stripeWebhooks } from 'countersign/schemes';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sendable, textBody } from './attempt.ts';
import { hold } from './hold.ts';
import { judge, judgeOf } from './judge.ts';
import { published, textBytes } from './published.ts';
import { signWith } from './sign.ts';
import { githubOracle, stripeOracle } from './webhook-oracles.ts';

// Events are POSTs of texts, and never empty.
const events = fc
  .tuple(sendable, textBody)
  .map(([attempt, body]) => ({ ...attempt, method: 'POST', body: body.length ? body : textBytes('{}') }));

describe('githubWebhooks', () => {
  hold({ definition: githubWebhooks, oracle: githubOracle, attempts: events });

  it('makes the signature of the documentation of GitHub', () => {
    const event = published({ method: 'POST', secret: "It's a Secret to Everybody", body: textBytes('Hello, World!') });
    expect(signWith(defineScheme(githubWebhooks), event).headers).toEqual({
      'x-hub-signature-256': 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
    });
  });

  it('signs bytes that are no text', async () => {
    await fc.assert(
      fc.asyncProperty(sendable, async (attempt) => {
        const mac = createHmac('sha256', attempt.secret).update(attempt.body).digest('hex');
        expect(signWith(defineScheme(githubWebhooks), attempt).headers['x-hub-signature-256']).toBe(`sha256=${mac}`);
      }),
    );
  });
});

describe('stripeWebhooks', () => {
  hold({
    definition: stripeWebhooks,
    oracle: stripeOracle,
    attempts: events,
  });

  const secret = 'whsec_5WbX5kEWLlfzsGNjH64I8lOOqUB6e8FH';
  const time = Date.UTC(2026, 10, 22);
  const event = published({ method: 'POST', secret, body: textBytes('{"id":"evt_1"}'), time });
  const scheme = defineScheme(stripeWebhooks);

  it.each([
    {
      given: 'an old signature beside the new one',
      change: (value: string) => value.replace(',v1=', `,v1=${'0'.repeat(64)},v1=`),
    },
    { given: 'a new signature that is not known yet', change: (value: string) => `${value},v1=${'f'.repeat(64)}` },
    { given: 'the scheme v0 of test events', change: (value: string) => `${value},v0=${'a'.repeat(64)}` },
  ])('verifies $given', async ({ change }) => {
    const sent = await stripeOracle.sign(event);
    const headers = { 'stripe-signature': change(sent.headers['stripe-signature'] ?? '') };
    expect(await stripeOracle.accepts({ ...sent, headers, accessKey: '', secret })).toBe(true);
    const server = judgeOf({ scheme, acceptFindings: [], accessKey: 'stripe', secret, clock: () => time });
    expect(await judge(server, { ...sent, headers })).toBe('ok');
  });
});
