import type { SchemeDefinition } from '../define/definition.ts';

/** The webhooks of WooCommerce: woocommerce.com/document/webhooks. You choose the secret. */
export const woocommerceWebhooks: SchemeDefinition = {
  name: 'woocommerce-webhooks',
  signature: 'base64',
  stringToSign: '{body}',
  headers: { 'X-WC-Webhook-Signature': '{signature}' },
};
