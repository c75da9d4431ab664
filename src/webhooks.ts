export type { DescribedRequest, WebhookRequest } from './webhooks/received-webhook.ts';
export type { VerifiedWebhook, WebhookOptions } from './webhooks/verify-webhook.ts';
export { verifyWebhook } from './webhooks/verify-webhook.ts';
