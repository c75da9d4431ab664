import {
  accessKeyTimestamp,
  accessKeyTimestampUrl,
  acquiaHmac,
  akamaiEdgeGrid,
  apisixHmacAuth,
  azureAppConfiguration,
  binanceSpot,
  type FindingCode,
  githubWebhooks,
  hawkHeader,
  keyAndChallenge,
  kongHmacAuth,
  methodPlusPath,
  type SchemeDefinition,
  stripeWebhooks,
} from 'countersign/schemes';

/** A definition that is ready for use, and the findings of high severity that a verifier has to accept. */
export type Ready = {
  readonly exported: string;
  readonly definition: SchemeDefinition;
  readonly accept: readonly FindingCode[];
};

const request: readonly FindingCode[] = ['body-unsigned', 'method-unsigned', 'path-unsigned', 'query-unsigned'];

export const ready: readonly Ready[] = [
  { exported: 'accessKeyTimestamp', definition: accessKeyTimestamp, accept: request },
  {
    exported: 'accessKeyTimestampUrl',
    definition: accessKeyTimestampUrl,
    accept: ['body-unsigned', 'method-unsigned'],
  },
  { exported: 'keyAndChallenge', definition: keyAndChallenge, accept: request },
  { exported: 'methodPlusPath', definition: methodPlusPath, accept: ['body-unsigned'] },
  { exported: 'hawkHeader', definition: hawkHeader, accept: [] },
  { exported: 'githubWebhooks', definition: githubWebhooks, accept: ['no-timestamp'] },
  { exported: 'stripeWebhooks', definition: stripeWebhooks, accept: [] },
  { exported: 'binanceSpot', definition: binanceSpot, accept: ['adjacent-values', 'method-unsigned', 'path-unsigned'] },
  { exported: 'kongHmacAuth', definition: kongHmacAuth(), accept: [] },
  { exported: 'apisixHmacAuth', definition: apisixHmacAuth(), accept: [] },
  { exported: 'azureAppConfiguration', definition: azureAppConfiguration, accept: [] },
  { exported: 'acquiaHmac', definition: acquiaHmac({ realm: 'Pipet service' }), accept: [] },
  {
    exported: 'akamaiEdgeGrid',
    definition: akamaiEdgeGrid({ clientToken: 'akab-client-token' }),
    accept: ['body-unsigned'],
  },
];
