import type { SchemeDefinition } from '../schemes/define/definition.ts';
import {
  type AcquiaOptions,
  type AlibabaOptions,
  accessKeyTimestamp,
  accessKeyTimestampUrl,
  acquiaHmac,
  akamaiEdgeGrid,
  alibabaCloud,
  apisixHmacAuth,
  azureAppConfiguration,
  azureCommunicationServices,
  binanceSpot,
  bybitApi,
  calendlyWebhooks,
  calWebhooks,
  cavageSignatures,
  coinbaseExchange,
  docusignConnect,
  dropboxWebhooks,
  type EdgeGridOptions,
  githubWebhooks,
  hawkHeader,
  huaweiCloud,
  hubspotWebhooks,
  intercomWebhooks,
  keyAndChallenge,
  kongHmacAuth,
  linearWebhooks,
  lineWebhooks,
  metaWebhooks,
  methodPlusPath,
  muxWebhooks,
  notionWebhooks,
  okxApi,
  type PassphraseOptions,
  paddleWebhooks,
  pagerdutyWebhooks,
  razorpayWebhooks,
  type ShopeeOptions,
  type SignedHeaderOptions,
  type SquareOptions,
  sentryWebhooks,
  shopeeApi,
  shopifyOauth,
  shopifyWebhooks,
  slackWebhooks,
  squareWebhooks,
  stripeWebhooks,
  type TencentOptions,
  tencentCloud,
  twitchEventsub,
  typeformWebhooks,
  type VolcengineOptions,
  vercelWebhooks,
  volcengine,
  webflowWebhooks,
  woocommerceWebhooks,
  workosWebhooks,
  zendeskWebhooks,
  zoomWebhooks,
} from '../schemes.ts';

/** A ready definition, and how it is made. */
export type ReadyDefinition = {
  readonly name: string;
  /** The options of the definition, and whether each is required. @default none */
  readonly options?: Readonly<Record<string, 'needed' | 'optional'>>;
  /** True if requests carry no access key. */
  readonly anonymous: boolean;
  /** The names of the options are checked before. */
  define(options: unknown): SchemeDefinition;
};

/** True if requests carry no access key. */
export const isAnonymous = (definition: SchemeDefinition): boolean =>
  !JSON.stringify(definition).includes('{accessKey');

const constant = (definition: SchemeDefinition): ReadyDefinition => ({
  name: definition.name,
  anonymous: isAnonymous(definition),
  define: () => definition,
});

const listed = { signedHeaders: 'optional' } as const;

/** Every ready definition. */
export const readyDefinitions: readonly ReadyDefinition[] = [
  {
    name: 'kong-hmac-auth',
    options: listed,
    anonymous: false,
    define: (options) => kongHmacAuth(options as SignedHeaderOptions),
  },
  {
    name: 'apisix-hmac-auth',
    options: listed,
    anonymous: false,
    define: (options) => apisixHmacAuth(options as SignedHeaderOptions),
  },
  {
    name: 'acquia-hmac',
    options: { realm: 'needed', ...listed },
    anonymous: false,
    define: (options) => acquiaHmac(options as AcquiaOptions),
  },
  {
    name: 'akamai-edgegrid',
    options: { clientToken: 'needed' },
    anonymous: false,
    define: (options) => akamaiEdgeGrid(options as EdgeGridOptions),
  },
  {
    name: 'square-webhooks',
    options: { notificationUrl: 'needed' },
    anonymous: true,
    define: (options) => squareWebhooks(options as SquareOptions),
  },
  {
    name: 'cavage-signatures',
    options: listed,
    anonymous: false,
    define: (options) => cavageSignatures(options as SignedHeaderOptions),
  },
  {
    name: 'coinbase-exchange',
    options: { passphrase: 'needed' },
    anonymous: false,
    define: (options) => coinbaseExchange(options as PassphraseOptions),
  },
  {
    name: 'okx-api',
    options: { passphrase: 'needed' },
    anonymous: false,
    define: (options) => okxApi(options as PassphraseOptions),
  },
  {
    name: 'shopee-api',
    options: { shopId: 'needed', accessToken: 'needed' },
    anonymous: false,
    define: (options) => shopeeApi(options as ShopeeOptions),
  },
  {
    name: 'alibaba-cloud',
    options: { action: 'needed', version: 'needed' },
    anonymous: false,
    define: (options) => alibabaCloud(options as AlibabaOptions),
  },
  {
    name: 'tencent-cloud',
    options: { service: 'needed' },
    anonymous: false,
    define: (options) => tencentCloud(options as TencentOptions),
  },
  {
    name: 'volcengine',
    options: { region: 'needed', service: 'needed' },
    anonymous: false,
    define: (options) => volcengine(options as VolcengineOptions),
  },
  ...[
    twitchEventsub,
    shopifyOauth,
    azureCommunicationServices,
    bybitApi,
    huaweiCloud,
    hawkHeader,
    githubWebhooks,
    stripeWebhooks,
    binanceSpot,
    azureAppConfiguration,
    accessKeyTimestamp,
    accessKeyTimestampUrl,
    keyAndChallenge,
    methodPlusPath,
    slackWebhooks,
    shopifyWebhooks,
    zoomWebhooks,
    paddleWebhooks,
    zendeskWebhooks,
    intercomWebhooks,
    muxWebhooks,
    workosWebhooks,
    calendlyWebhooks,
    lineWebhooks,
    hubspotWebhooks,
    docusignConnect,
    razorpayWebhooks,
    linearWebhooks,
    sentryWebhooks,
    dropboxWebhooks,
    notionWebhooks,
    pagerdutyWebhooks,
    typeformWebhooks,
    metaWebhooks,
    vercelWebhooks,
    webflowWebhooks,
    woocommerceWebhooks,
    calWebhooks,
  ].map(constant),
];
