import type { SchemeDefinition } from '../define/definition.ts';

/**
 * The events of Feishu and Lark:
 * open.feishu.cn/document/ukTMukTMukTM/uYDNxYjL2QTM24iN0EjN/event-subscription-configure-/encrypt-key-encryption-configuration-case. The
 * secret is the Encrypt Key, of the app. Its hash is no MAC: the finding `keyed-hash`.
 */
export const larkWebhooks: SchemeDefinition = {
  name: 'lark-webhooks',
  algorithm: 'sha256',
  nonce: { form: 'base64url', min: 1, max: 128 },
  stringToSign: '{timestamp}{nonce}{secret}{body}',
  headers: {
    'X-Lark-Request-Timestamp': '{timestamp}',
    'X-Lark-Request-Nonce': '{nonce}',
    'X-Lark-Signature': '{signature}',
  },
};
