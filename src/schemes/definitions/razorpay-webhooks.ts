import type { SchemeDefinition } from '../define/definition.ts';

/** The webhooks of Razorpay: razorpay.com/docs/webhooks/validate-test. You choose the secret. */
export const razorpayWebhooks: SchemeDefinition = {
  name: 'razorpay-webhooks',
  stringToSign: '{body}',
  headers: { 'X-Razorpay-Signature': '{signature}' },
};
