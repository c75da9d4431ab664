import { lintScheme } from 'countersign/schemes';
import { expect, it } from 'vitest';
import { ready } from './ready.ts';

const bodyOnly = [
  'high no-timestamp',
  'medium no-domain-separation',
  'medium no-nonce',
  'medium path-unsigned',
  'medium query-unsigned',
  'low access-key-unbound',
  'low content-type-unsigned',
  'low host-unsigned',
  'low method-unsigned',
];

const bodyAndTime = [
  'medium no-domain-separation',
  'medium no-nonce',
  'medium path-unsigned',
  'medium query-unsigned',
  'low access-key-unbound',
  'low content-type-unsigned',
  'low host-unsigned',
  'low method-unsigned',
];

const bodyOnlyBySha1 = [...bodyOnly.slice(0, 5), 'medium weak-hash', ...bodyOnly.slice(5)];

const exchange = [
  'high adjacent-values',
  'medium content-type-unsigned',
  'medium host-unsigned',
  'medium no-nonce',
  'low access-key-unbound',
];

const without = (list: readonly string[], ...left: readonly string[]) => list.filter((one) => !left.includes(one));

// As attackers would rank them: what a definition gains or loses here, those who rely on it have to be told.
const findings: Readonly<Record<string, readonly string[]>> = {
  accessKeyTimestamp: [
    'high body-unsigned',
    'high method-unsigned',
    'high path-unsigned',
    'high query-unsigned',
    'medium content-type-unsigned',
    'medium host-unsigned',
    'medium no-nonce',
    'low adjacent-values',
  ],
  accessKeyTimestampUrl: [
    'high body-unsigned',
    'high method-unsigned',
    'medium content-type-unsigned',
    'medium no-domain-separation',
    'medium no-nonce',
    'low adjacent-values',
  ],
  keyAndChallenge: [
    'high body-unsigned',
    'high method-unsigned',
    'high path-unsigned',
    'high query-unsigned',
    'medium content-type-unsigned',
    'medium host-unsigned',
    'medium no-domain-separation',
    'low adjacent-values',
  ],
  methodPlusPath: [
    'high body-unsigned',
    'medium content-type-unsigned',
    'medium host-unsigned',
    'low access-key-unbound',
    'low forbidden-browser-header',
  ],
  hawkHeader: ['low access-key-unbound', 'low content-type-unsigned'],
  binanceSpot: [
    'high adjacent-values',
    'high method-unsigned',
    'high path-unsigned',
    'medium content-type-unsigned',
    'medium host-unsigned',
    'medium no-domain-separation',
    'medium no-nonce',
    'low access-key-unbound',
  ],
  kongHmacAuth: ['medium content-type-unsigned', 'medium no-nonce', 'low access-key-unbound'],
  apisixHmacAuth: ['medium content-type-unsigned', 'medium no-nonce', 'low forbidden-browser-header'],
  azureAppConfiguration: ['medium content-type-unsigned', 'medium no-nonce', 'low access-key-unbound'],
  acquiaHmac: ['low content-type-unsigned'],
  akamaiEdgeGrid: ['high body-unsigned', 'medium content-type-unsigned'],
  azureCommunicationServices: ['medium no-nonce', 'low access-key-unbound', 'low content-type-unsigned'],
  azureStorage: ['high body-unsigned', 'medium host-unsigned', 'medium no-nonce', 'medium query-unsigned'],
  coinbaseExchange: exchange,
  okxApi: exchange,
  krakenApi: [
    'high adjacent-values',
    'high method-unsigned',
    'high no-timestamp',
    'high query-unsigned',
    'medium content-type-unsigned',
    'medium host-unsigned',
    'medium no-domain-separation',
    'medium no-nonce',
    'low access-key-unbound',
  ],
  bybitApi: [
    'high adjacent-values',
    'high method-unsigned',
    'high path-unsigned',
    'medium content-type-unsigned',
    'medium host-unsigned',
    'medium no-nonce',
    'low ambiguous-separator',
  ],
  shopeeApi: [
    'high body-unsigned',
    'high method-unsigned',
    'high query-unsigned',
    'medium content-type-unsigned',
    'medium host-unsigned',
    'medium no-domain-separation',
    'medium no-nonce',
    'low adjacent-values',
  ],
  tencentCloud: ['medium no-nonce', 'low access-key-unbound', 'low content-type-unsigned'],
  alibabaCloud: ['medium content-type-unsigned', 'low access-key-unbound', 'low path-unsigned', 'low query-unsigned'],
  volcengine: ['medium content-type-unsigned', 'medium no-nonce', 'low access-key-unbound', 'low query-unsigned'],
  huaweiCloud: [
    'medium content-type-unsigned',
    'medium no-nonce',
    'low access-key-unbound',
    'low path-unsigned',
    'low query-unsigned',
  ],
  cavageSignatures: [
    'medium content-type-unsigned',
    'medium no-nonce',
    'low access-key-unbound',
    'low forbidden-browser-header',
  ],
  githubWebhooks: bodyOnly,
  stripeWebhooks: bodyAndTime,
  slackWebhooks: without(bodyAndTime, 'medium no-domain-separation'),
  shopifyWebhooks: bodyOnly,
  shopifyOauth: [
    'high body-unsigned',
    'high method-unsigned',
    'high path-unsigned',
    'medium content-type-unsigned',
    'medium host-unsigned',
    'medium no-domain-separation',
    'medium no-nonce',
    'low access-key-unbound',
    'low query-unsigned',
  ],
  shopifyAppProxy: [
    'high body-unsigned',
    'high method-unsigned',
    'high no-timestamp',
    'high path-unsigned',
    'high query-unsigned',
    'medium content-type-unsigned',
    'medium host-unsigned',
    'medium no-domain-separation',
    'medium no-nonce',
    'low access-key-unbound',
  ],
  zoomWebhooks: without(bodyAndTime, 'medium no-domain-separation'),
  paddleWebhooks: bodyAndTime,
  zendeskWebhooks: bodyAndTime,
  intercomWebhooks: bodyOnlyBySha1,
  muxWebhooks: bodyAndTime,
  workosWebhooks: bodyAndTime,
  calendlyWebhooks: bodyAndTime,
  lineWebhooks: bodyOnly,
  larkWebhooks: [
    'high keyed-hash',
    'medium path-unsigned',
    'medium query-unsigned',
    'low access-key-unbound',
    'low adjacent-values',
    'low content-type-unsigned',
    'low host-unsigned',
    'low method-unsigned',
  ],
  squareWebhooks: without(bodyOnly, 'medium no-domain-separation'),
  hubspotWebhooks: ['high adjacent-values', 'medium no-nonce', 'low access-key-unbound', 'low content-type-unsigned'],
  docusignConnect: bodyOnly,
  razorpayWebhooks: bodyOnly,
  linearWebhooks: bodyOnly,
  sentryWebhooks: bodyOnly,
  dropboxWebhooks: bodyOnly,
  notionWebhooks: bodyOnly,
  pagerdutyWebhooks: bodyOnly,
  typeformWebhooks: bodyOnly,
  twitchEventsub: without(bodyAndTime, 'medium no-nonce'),
  metaWebhooks: bodyOnly,
  vercelWebhooks: bodyOnlyBySha1,
  webflowWebhooks: bodyAndTime,
  woocommerceWebhooks: bodyOnly,
  calWebhooks: bodyOnly,
};

it.each(ready)('$exported leaves open what is known of it, as severe as that is', ({ exported, definition }) => {
  const found = lintScheme(definition).map(({ code, severity }) => `${severity} ${code}`);
  expect(found).toEqual(findings[exported]);
});

it('is known of every ready definition, and of no other', () => {
  expect(Object.keys(findings)).toEqual(ready.map(({ exported }) => exported));
});
