export type { Finding, FindingCode } from './core/finding.ts';
export type { Scheme, SigningScheme } from './core/scheme.ts';
export { countersignV1 } from './schemes/countersign-v1.ts';
export type { SigV4Options } from './schemes/sigv4.ts';
export { sigv4 } from './schemes/sigv4.ts';
export type { StandardWebhooksOptions } from './schemes/standard-webhooks.ts';
export { standardWebhooks } from './schemes/standard-webhooks.ts';
export { generateWebhookSecret } from './schemes/standard-webhooks-key.ts';
