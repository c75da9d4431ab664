import type { SchemeDefinition } from '../define/definition.ts';

/** The webhooks of Vercel: vercel.com/docs/webhooks/webhooks-api. The hash is SHA-1. */
export const vercelWebhooks: SchemeDefinition = {
  name: 'vercel-webhooks',
  algorithm: 'hmac-sha1',
  stringToSign: '{body}',
  headers: { 'x-vercel-signature': '{signature}' },
};
