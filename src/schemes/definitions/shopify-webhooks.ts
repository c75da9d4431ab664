import type { SchemeDefinition } from '../define/definition.ts';

/** The webhooks of Shopify: shopify.dev/docs/apps/build/webhooks/verify-deliveries. The secret is the client secret of the app. */
export const shopifyWebhooks: SchemeDefinition = {
  name: 'shopify-webhooks',
  signature: 'base64',
  stringToSign: '{body}',
  headers: { 'X-Shopify-Hmac-Sha256': '{signature}' },
};
