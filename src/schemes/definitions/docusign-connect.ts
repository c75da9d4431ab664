import type { SchemeDefinition } from '../define/definition.ts';

/**
 * The webhooks of DocuSign Connect: developers.docusign.com/platform/webhooks/connect/validate. The secret is the first key of
 * the account; a second one signs `X-DocuSign-Signature-2`.
 */
export const docusignConnect: SchemeDefinition = {
  name: 'docusign-connect',
  signature: 'base64',
  stringToSign: '{body}',
  headers: { 'X-DocuSign-Signature-1': '{signature}' },
};
