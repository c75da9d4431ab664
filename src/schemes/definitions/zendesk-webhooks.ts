import type { SchemeDefinition } from '../define/definition.ts';

/** The webhooks of Zendesk: developer.zendesk.com/documentation/webhooks/verifying. Each webhook has a secret of its own. */
export const zendeskWebhooks: SchemeDefinition = {
  name: 'zendesk-webhooks',
  signature: 'base64',
  timestamp: 'iso-8601',
  stringToSign: '{timestamp}{body}',
  headers: {
    'X-Zendesk-Webhook-Signature-Timestamp': '{timestamp}',
    'X-Zendesk-Webhook-Signature': '{signature}',
  },
};
