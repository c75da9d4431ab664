import type { SchemeDefinition } from '../define/definition.ts';

/** The webhooks of Mux: mux.com/docs/core/verify-webhook-signatures. Each webhook has a secret of its own. */
export const muxWebhooks: SchemeDefinition = {
  name: 'mux-webhooks',
  stringToSign: '{timestamp}.{body}',
  headers: { 'Mux-Signature': 't={timestamp},v1={signature|list:,v1=}' },
};
