import type { SchemeDefinition } from '../define/definition.ts';

/**
 * The webhooks of the LINE Messaging API: developers.line.biz/en/docs/messaging-api/verify-webhook-signature. The secret is
 * the channel secret.
 */
export const lineWebhooks: SchemeDefinition = {
  name: 'line-webhooks',
  signature: 'base64',
  stringToSign: '{body}',
  headers: { 'X-Line-Signature': '{signature}' },
};
