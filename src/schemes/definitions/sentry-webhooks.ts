import type { SchemeDefinition } from '../define/definition.ts';

/**
 * The webhooks of Sentry: docs.sentry.io/integrations/integration-platform/webhooks. The secret is the client secret of the
 * integration. The header `Sentry-Hook-Timestamp` is not signed.
 */
export const sentryWebhooks: SchemeDefinition = {
  name: 'sentry-webhooks',
  stringToSign: '{body}',
  headers: { 'Sentry-Hook-Signature': '{signature}' },
};
