import type { SchemeDefinition } from '../define/definition.ts';

/** The webhooks of WooCommerce: woocommerce.github.io/woocommerce-rest-api-docs/#webhooks. You choose the secret. */
export const woocommerceWebhooks: SchemeDefinition = {
  name: 'woocommerce-webhooks',
  signature: 'base64',
  stringToSign: '{body}',
  headers: { 'X-WC-Webhook-Signature': '{signature}' },
};
