import type { SchemeDefinition } from '../define/definition.ts';

/**
 * The requests of Slack to an app: docs.slack.dev/authentication/verifying-requests-from-slack. The secret is the signing
 * secret.
 */
export const slackWebhooks: SchemeDefinition = {
  name: 'slack-webhooks',
  stringToSign: 'v0:{timestamp}:{body}',
  headers: { 'X-Slack-Request-Timestamp': '{timestamp}', 'X-Slack-Signature': 'v0={signature}' },
};
