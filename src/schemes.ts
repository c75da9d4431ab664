export type { Scheme, SigningScheme } from './core/scheme.ts';
export type { Finding, FindingCode } from './core/scheme-finding.ts';
export type { CombinedScheme } from './schemes/combine/combine-schemes.ts';
export { combineSchemes } from './schemes/combine/combine-schemes.ts';
export { countersignV1 } from './schemes/countersign-v1/scheme.ts';
export { defineScheme } from './schemes/define/define-scheme.ts';
export type {
  DefinedAlgorithm,
  DefinedEncoding,
  DefinedKey,
  DefinedNonce,
  DefinedSignedHeaders,
  DefinedTimestamp,
  NonceForm,
  SchemeDefinition,
} from './schemes/define/definition.ts';
export { lintScheme } from './schemes/define/lint.ts';
export type { AcquiaOptions } from './schemes/definitions/acquia-hmac.ts';
export { acquiaHmac } from './schemes/definitions/acquia-hmac.ts';
export type { EdgeGridOptions } from './schemes/definitions/akamai-edge-grid.ts';
export { akamaiEdgeGrid } from './schemes/definitions/akamai-edge-grid.ts';
export { apisixHmacAuth } from './schemes/definitions/apisix-hmac-auth.ts';
export { azureAppConfiguration } from './schemes/definitions/azure-app-configuration.ts';
export { binanceSpot } from './schemes/definitions/binance-spot.ts';
export { githubWebhooks } from './schemes/definitions/github-webhooks.ts';
export { hawkHeader } from './schemes/definitions/hawk-header.ts';
export type { SignedHeaderOptions } from './schemes/definitions/kong-hmac-auth.ts';
export { kongHmacAuth } from './schemes/definitions/kong-hmac-auth.ts';
export { stripeWebhooks } from './schemes/definitions/stripe-webhooks.ts';
export {
  accessKeyTimestamp,
  accessKeyTimestampUrl,
  keyAndChallenge,
  methodPlusPath,
} from './schemes/definitions/tutorials.ts';
export type { PresignOptions } from './schemes/presign/scheme.ts';
export { presign } from './schemes/presign/scheme.ts';
export type { WantedSignature } from './schemes/rfc9421/accept-signature.ts';
export { wantedSignature } from './schemes/rfc9421/accept-signature.ts';
export { rfc9421 } from './schemes/rfc9421/scheme.ts';
export type { Rfc9421Options } from './schemes/rfc9421/settings.ts';
export type { SignedLinksOptions } from './schemes/signed-links/scheme.ts';
export { signedLinks } from './schemes/signed-links/scheme.ts';
export type { SigV4Options } from './schemes/sigv4/scheme.ts';
export { sigv4 } from './schemes/sigv4/scheme.ts';
export { generateWebhookSecret } from './schemes/standard-webhooks/key.ts';
export type { StandardWebhooksOptions } from './schemes/standard-webhooks/scheme.ts';
export { standardWebhooks } from './schemes/standard-webhooks/scheme.ts';
