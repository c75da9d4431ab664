import type { SchemeDefinition } from '../define/definition.ts';

/** The webhooks of Cal.com: cal.com/docs/developing/guides/automation/webhooks. You choose the secret. */
export const calWebhooks: SchemeDefinition = {
  name: 'cal-webhooks',
  stringToSign: '{body}',
  headers: { 'X-Cal-Signature-256': '{signature}' },
};
