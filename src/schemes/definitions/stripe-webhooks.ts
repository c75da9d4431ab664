import type { SchemeDefinition } from '../define/definition.ts';

/** The webhooks of Stripe: docs.stripe.com/webhooks, "Verify webhook signatures manually". The secret is the whole text `whsec_…`. */
export const stripeWebhooks: SchemeDefinition = {
  name: 'stripe-webhooks',
  stringToSign: '{timestamp}.{body}',
  headers: { 'Stripe-Signature': 't={timestamp},v1={signature|list:,v1=}[,{ignored}]' },
};
