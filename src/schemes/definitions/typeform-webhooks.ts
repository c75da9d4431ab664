import type { SchemeDefinition } from '../define/definition.ts';

/** The webhooks of Typeform: typeform.com/developers/webhooks/secure-your-webhooks. You choose the secret. */
export const typeformWebhooks: SchemeDefinition = {
  name: 'typeform-webhooks',
  signature: 'base64',
  stringToSign: '{body}',
  headers: { 'Typeform-Signature': 'sha256={signature}' },
};
