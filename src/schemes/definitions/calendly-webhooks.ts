import type { SchemeDefinition } from '../define/definition.ts';

/**
 * The webhooks of Calendly: developer.calendly.com/api-docs/overview/webhooks/webhook-signatures. The secret is the signing key of
 * the subscription.
 */
export const calendlyWebhooks: SchemeDefinition = {
  name: 'calendly-webhooks',
  stringToSign: '{timestamp}.{body}',
  headers: { 'Calendly-Webhook-Signature': 't={timestamp},v1={signature}' },
};
