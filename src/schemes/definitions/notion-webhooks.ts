import type { SchemeDefinition } from '../define/definition.ts';

/** The webhooks of Notion: developers.notion.com/reference/webhooks. The secret is the verification token. */
export const notionWebhooks: SchemeDefinition = {
  name: 'notion-webhooks',
  stringToSign: '{body}',
  headers: { 'X-Notion-Signature': 'sha256={signature}' },
};
