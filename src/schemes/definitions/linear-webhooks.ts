import type { SchemeDefinition } from '../define/definition.ts';

/** The webhooks of Linear: linear.app/developers/webhooks. The time, `webhookTimestamp`, is a member of the signed body. */
export const linearWebhooks: SchemeDefinition = {
  name: 'linear-webhooks',
  stringToSign: '{body}',
  headers: { 'Linear-Signature': '{signature}' },
};
