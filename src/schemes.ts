export type { Scheme, SigningScheme } from './core/scheme.ts';
export type { Finding, FindingCode } from './core/scheme-finding.ts';
export { decodeKeyId, encodeKeyId } from './schemes/cavage12/key-id.ts';
export { cavage12 } from './schemes/cavage12/scheme.ts';
export type { Cavage12Options } from './schemes/cavage12/settings.ts';
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
  HmacAlgorithm,
  KeyedHash,
  NonceForm,
  SchemeDefinition,
} from './schemes/define/definition.ts';
export { lintScheme } from './schemes/define/lint.ts';
export type { AcquiaOptions } from './schemes/definitions/acquia-hmac.ts';
export { acquiaHmac } from './schemes/definitions/acquia-hmac.ts';
export type { EdgeGridOptions } from './schemes/definitions/akamai-edge-grid.ts';
export { akamaiEdgeGrid } from './schemes/definitions/akamai-edge-grid.ts';
export type { AlibabaOptions } from './schemes/definitions/alibaba-cloud.ts';
export { alibabaCloud } from './schemes/definitions/alibaba-cloud.ts';
export { apisixHmacAuth } from './schemes/definitions/apisix-hmac-auth.ts';
export { azureAppConfiguration } from './schemes/definitions/azure-app-configuration.ts';
export { azureCommunicationServices } from './schemes/definitions/azure-communication-services.ts';
export type { AzureStorageOptions } from './schemes/definitions/azure-storage.ts';
export { azureStorage } from './schemes/definitions/azure-storage.ts';
export { binanceSpot } from './schemes/definitions/binance-spot.ts';
export { bybitApi } from './schemes/definitions/bybit-api.ts';
export { calWebhooks } from './schemes/definitions/cal-webhooks.ts';
export { calendlyWebhooks } from './schemes/definitions/calendly-webhooks.ts';
export { cavageSignatures } from './schemes/definitions/cavage-signatures.ts';
export type { PassphraseOptions } from './schemes/definitions/coinbase-exchange.ts';
export { coinbaseExchange } from './schemes/definitions/coinbase-exchange.ts';
export { docusignConnect } from './schemes/definitions/docusign-connect.ts';
export { dropboxWebhooks } from './schemes/definitions/dropbox-webhooks.ts';
export { githubWebhooks } from './schemes/definitions/github-webhooks.ts';
export { hawkHeader } from './schemes/definitions/hawk-header.ts';
export { huaweiCloud } from './schemes/definitions/huawei-cloud.ts';
export { hubspotWebhooks } from './schemes/definitions/hubspot-webhooks.ts';
export { intercomWebhooks } from './schemes/definitions/intercom-webhooks.ts';
export type { SignedHeaderOptions } from './schemes/definitions/kong-hmac-auth.ts';
export { kongHmacAuth } from './schemes/definitions/kong-hmac-auth.ts';
export { krakenApi } from './schemes/definitions/kraken-api.ts';
export { larkWebhooks } from './schemes/definitions/lark-webhooks.ts';
export { lineWebhooks } from './schemes/definitions/line-webhooks.ts';
export { linearWebhooks } from './schemes/definitions/linear-webhooks.ts';
export { metaWebhooks } from './schemes/definitions/meta-webhooks.ts';
export { muxWebhooks } from './schemes/definitions/mux-webhooks.ts';
export { notionWebhooks } from './schemes/definitions/notion-webhooks.ts';
export { okxApi } from './schemes/definitions/okx-api.ts';
export { paddleWebhooks } from './schemes/definitions/paddle-webhooks.ts';
export { pagerdutyWebhooks } from './schemes/definitions/pagerduty-webhooks.ts';
export { razorpayWebhooks } from './schemes/definitions/razorpay-webhooks.ts';
export { sentryWebhooks } from './schemes/definitions/sentry-webhooks.ts';
export type { ShopeeOptions } from './schemes/definitions/shopee-api.ts';
export { shopeeApi } from './schemes/definitions/shopee-api.ts';
export { shopifyAppProxy } from './schemes/definitions/shopify-app-proxy.ts';
export { shopifyOauth } from './schemes/definitions/shopify-oauth.ts';
export { shopifyWebhooks } from './schemes/definitions/shopify-webhooks.ts';
export { slackWebhooks } from './schemes/definitions/slack-webhooks.ts';
export type { SquareOptions } from './schemes/definitions/square-webhooks.ts';
export { squareWebhooks } from './schemes/definitions/square-webhooks.ts';
export { stripeWebhooks } from './schemes/definitions/stripe-webhooks.ts';
export type { TencentOptions } from './schemes/definitions/tencent-cloud.ts';
export { tencentCloud } from './schemes/definitions/tencent-cloud.ts';
export {
  accessKeyTimestamp,
  accessKeyTimestampUrl,
  keyAndChallenge,
  methodPlusPath,
} from './schemes/definitions/tutorials.ts';
export { twitchEventsub } from './schemes/definitions/twitch-eventsub.ts';
export { typeformWebhooks } from './schemes/definitions/typeform-webhooks.ts';
export { vercelWebhooks } from './schemes/definitions/vercel-webhooks.ts';
export type { VolcengineOptions } from './schemes/definitions/volcengine.ts';
export { volcengine } from './schemes/definitions/volcengine.ts';
export { webflowWebhooks } from './schemes/definitions/webflow-webhooks.ts';
export { woocommerceWebhooks } from './schemes/definitions/woocommerce-webhooks.ts';
export { workosWebhooks } from './schemes/definitions/workos-webhooks.ts';
export { zendeskWebhooks } from './schemes/definitions/zendesk-webhooks.ts';
export { zoomWebhooks } from './schemes/definitions/zoom-webhooks.ts';
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
