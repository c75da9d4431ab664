import { sign, verify } from '@octokit/webhooks-methods';
import Stripe from 'stripe';
import { type Oracle, sentOf } from './attempt.ts';

const textOf = (body: Uint8Array): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(body);

/** GitHub's own library; knows texts only, and none that is empty. */
export const githubOracle: Oracle = {
  sign: async ({ secret, ...request }) => ({
    ...sentOf(request),
    headers: { ...request.headers, 'x-hub-signature-256': await sign(secret, textOf(request.body)) },
  }),
  accepts: async ({ headers, body, secret }) =>
    body.length > 0 && (await verify(secret, textOf(body), headers['x-hub-signature-256'] ?? '')),
};

const { webhooks } = new Stripe('sk_test_of_nobody');

/** Stripe's own library. */
export const stripeOracle: Oracle = {
  sign: async ({ secret, time, ...request }) => ({
    ...sentOf(request),
    headers: {
      ...request.headers,
      'stripe-signature': webhooks.generateTestHeaderString({
        payload: textOf(request.body),
        secret,
        timestamp: time / 1000,
      }),
    },
  }),
  async accepts({ headers, body, secret }) {
    try {
      webhooks.constructEvent(textOf(body), headers['stripe-signature'] ?? '', secret, 0);
      return true;
    } catch (error) {
      // What is no JSON is read after the signature has been found right.
      if (error instanceof SyntaxError) return true;
      if (error instanceof Stripe.errors.StripeSignatureVerificationError) return false;
      throw error;
    }
  },
};
