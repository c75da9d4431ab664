import type { SchemeDefinition } from '../define/definition.ts';

/** The webhooks of WorkOS: workos.com/docs/events/data-syncing/webhooks. The time is in milliseconds. */
export const workosWebhooks: SchemeDefinition = {
  name: 'workos-webhooks',
  timestamp: 'unix-milliseconds',
  stringToSign: '{timestamp}.{body}',
  headers: { 'WorkOS-Signature': 't={timestamp}, v1={signature}' },
};
