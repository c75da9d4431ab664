import type { SchemeDefinition } from '../define/definition.ts';

/**
 * The webhooks of Webflow: developers.webflow.com/data/docs/working-with-webhooks. The secret is the client secret of the app that made
 * the webhook, or the secret of a webhook that a site token made. The time is in milliseconds.
 */
export const webflowWebhooks: SchemeDefinition = {
  name: 'webflow-webhooks',
  timestamp: 'unix-milliseconds',
  stringToSign: '{timestamp}:{body}',
  headers: { 'x-webflow-timestamp': '{timestamp}', 'x-webflow-signature': '{signature}' },
};
