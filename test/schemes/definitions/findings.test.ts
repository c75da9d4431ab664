import { lintScheme } from 'countersign/schemes';
import { expect, it } from 'vitest';
import { ready } from './ready.ts';

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
  githubWebhooks: [
    'high no-timestamp',
    'medium no-domain-separation',
    'medium no-nonce',
    'medium path-unsigned',
    'medium query-unsigned',
    'low access-key-unbound',
    'low content-type-unsigned',
    'low host-unsigned',
    'low method-unsigned',
  ],
  stripeWebhooks: [
    'medium no-domain-separation',
    'medium no-nonce',
    'medium path-unsigned',
    'medium query-unsigned',
    'low access-key-unbound',
    'low content-type-unsigned',
    'low host-unsigned',
    'low method-unsigned',
  ],
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
};

it.each(ready)('$exported leaves open what is known of it, as severe as that is', ({ exported, definition }) => {
  const found = lintScheme(definition).map(({ code, severity }) => `${severity} ${code}`);
  expect(found).toEqual(findings[exported]);
});

it('is known of every ready definition, and of no other', () => {
  expect(Object.keys(findings)).toEqual(ready.map(({ exported }) => exported));
});
