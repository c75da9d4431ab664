import type { SchemeDefinition } from '../define/definition.ts';

/** The webhooks of Dropbox: dropbox.com/developers/reference/webhooks. The secret is the app secret. */
export const dropboxWebhooks: SchemeDefinition = {
  name: 'dropbox-webhooks',
  stringToSign: '{body}',
  headers: { 'X-Dropbox-Signature': '{signature}' },
};
