import type { SchemeDefinition } from '../define/definition.ts';

/**
 * The webhooks of Paddle Billing: developer.paddle.com/webhooks/signature-verification. The secret is the whole text
 * `pdl_ntfset_…`.
 */
export const paddleWebhooks: SchemeDefinition = {
  name: 'paddle-webhooks',
  stringToSign: '{timestamp}:{body}',
  headers: { 'Paddle-Signature': 'ts={timestamp};h1={signature|list:;h1=}' },
};
