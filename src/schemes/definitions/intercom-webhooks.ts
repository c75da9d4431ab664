import type { SchemeDefinition } from '../define/definition.ts';

/**
 * The webhooks of Intercom: developers.intercom.com/docs/references/webhooks/webhook-models. The secret is the client secret of the
 * app; the hash is SHA-1.
 */
export const intercomWebhooks: SchemeDefinition = {
  name: 'intercom-webhooks',
  algorithm: 'hmac-sha1',
  stringToSign: '{body}',
  headers: { 'X-Hub-Signature': 'sha1={signature}' },
};
