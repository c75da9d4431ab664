import { randomUUID } from 'node:crypto';
import { sign, verify } from '@octokit/webhooks-methods';
import { defineScheme, githubWebhooks, standardWebhooks, stripeWebhooks } from 'countersign/schemes';
import { Webhook } from 'standardwebhooks';
import Stripe from 'stripe';
import { type Input, type Inputs, secret } from './inputs.ts';
import { insist, type Row } from './rows.ts';
import { accepts, type Measurable, sent } from './scheme-rows.ts';

/** A library that sends and receives webhooks. */
type Library = {
  readonly name: string;
  readonly ours: Measurable;
  readonly sign: (text: string) => Record<string, string> | Promise<Record<string, string>>;
  /** Throws, or answers false, where it refuses. */
  readonly verify: (text: string, headers: Record<string, string>) => unknown;
};

const standardSecret = `whsec_${btoa(secret)}`;
const webhook = new Webhook(standardSecret);
const { webhooks } = new Stripe('sk_test_of_nobody');

export const webhookLibraries: readonly Library[] = [
  {
    name: 'standardwebhooks',
    ours: { scheme: standardWebhooks(), secret: standardSecret },
    sign(text) {
      const now = new Date();
      const id = randomUUID();
      return {
        'webhook-id': id,
        'webhook-timestamp': `${Math.floor(now.getTime() / 1000)}`,
        'webhook-signature': webhook.sign(id, now, text),
      };
    },
    verify: (text, headers) => webhook.verify(text, headers, { jsonParse: false }) ?? true,
  },
  {
    name: 'stripe',
    ours: { scheme: defineScheme(stripeWebhooks) },
    sign: (payload) => ({
      'stripe-signature': webhooks.generateTestHeaderString({ payload, secret }),
    }),
    // What constructEvent does before it parses the JSON.
    verify: (text, headers) => webhooks.signature?.verifyHeader(text, headers['stripe-signature'] ?? '', secret, 300),
  },
  {
    name: '@octokit/webhooks-methods',
    ours: { scheme: defineScheme(githubWebhooks), acceptFindings: ['no-timestamp'] },
    sign: async (text) => ({ 'x-hub-signature-256': await sign(secret, text) }),
    verify: (text, headers) => verify(secret, text, headers['x-hub-signature-256'] ?? ''),
  },
];

async function works({ name, ours, ...library }: Library, input: Input): Promise<void> {
  const headers = await library.sign(input.text);
  await accepts(ours, sent(input, headers));
  insist(await library.verify(input.text, headers), `${name}: refuses its own signature`);
  const forged = await (async () => library.verify(`${input.text} `, headers))().catch(() => false);
  insist(!forged, `${name}: accepts a forgery`);
}

export const webhookSignRow = (library: Library, { next }: Inputs): Row => ({
  name: library.name,
  run: () => library.sign(next().text),
  check: () => works(library, next()),
});

export async function webhookVerifyRow(library: Library, { all, next }: Inputs): Promise<Row> {
  const signed: { readonly text: string; readonly headers: Record<string, string> }[] = [];
  for (const { text } of all) signed.push({ text, headers: await library.sign(text) });
  let turn = 0;
  const run = () => {
    const { text, headers } = signed[turn++ % signed.length] as (typeof signed)[number];
    return library.verify(text, headers);
  };
  return { name: library.name, run, check: () => works(library, next()) };
}
