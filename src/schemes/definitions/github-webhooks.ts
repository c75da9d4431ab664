import type { SchemeDefinition } from '../define/definition.ts';

/** The webhooks of GitHub: docs.github.com, "Validating webhook deliveries". */
export const githubWebhooks: SchemeDefinition = {
  name: 'github-webhooks',
  stringToSign: '{body}',
  headers: { 'X-Hub-Signature-256': 'sha256={signature}' },
};
