import type { SchemeDefinition } from '../define/definition.ts';

/**
 * The webhooks of PagerDuty, version 3: docs.pagerduty.com/developer/verifying-webhook-signatures. While a secret changes there are
 * two signatures.
 */
export const pagerdutyWebhooks: SchemeDefinition = {
  name: 'pagerduty-webhooks',
  stringToSign: '{body}',
  headers: { 'X-PagerDuty-Signature': 'v1={signature|list:,v1=}' },
};
