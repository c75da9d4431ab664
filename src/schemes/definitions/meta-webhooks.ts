import type { SchemeDefinition } from '../define/definition.ts';

/**
 * The webhooks of Meta, for Facebook, Instagram and WhatsApp: developers.facebook.com/docs/graph-api/webhooks. The secret is
 * the app secret.
 */
export const metaWebhooks: SchemeDefinition = {
  name: 'meta-webhooks',
  stringToSign: '{body}',
  headers: { 'X-Hub-Signature-256': 'sha256={signature}' },
};
