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
  readonly acceptFindings: readonly FindingCode[];
};

const request: readonly FindingCode[] = ['body-unsigned', 'method-unsigned', 'path-unsigned', 'query-unsigned'];

export const ready: readonly Ready[] = [
  { exported: 'accessKeyTimestamp', definition: accessKeyTimestamp, acceptFindings: request },
  {
    exported: 'accessKeyTimestampUrl',
    definition: accessKeyTimestampUrl,
    acceptFindings: ['body-unsigned', 'method-unsigned'],
  },
  { exported: 'keyAndChallenge', definition: keyAndChallenge, acceptFindings: request },
  { exported: 'methodPlusPath', definition: methodPlusPath, acceptFindings: ['body-unsigned'] },
  { exported: 'hawkHeader', definition: hawkHeader, acceptFindings: [] },
  { exported: 'githubWebhooks', definition: githubWebhooks, acceptFindings: ['no-timestamp'] },
  { exported: 'stripeWebhooks', definition: stripeWebhooks, acceptFindings: [] },
  {
    exported: 'binanceSpot',
    definition: binanceSpot,
    acceptFindings: ['adjacent-values', 'method-unsigned', 'path-unsigned'],
  },
  { exported: 'kongHmacAuth', definition: kongHmacAuth(), acceptFindings: [] },
  { exported: 'apisixHmacAuth', definition: apisixHmacAuth(), acceptFindings: [] },
  { exported: 'azureAppConfiguration', definition: azureAppConfiguration, acceptFindings: [] },
  { exported: 'acquiaHmac', definition: acquiaHmac({ realm: 'Pipet service' }), acceptFindings: [] },
  {
    exported: 'akamaiEdgeGrid',
    definition: akamaiEdgeGrid({ clientToken: 'akab-client-token' }),
    acceptFindings: ['body-unsigned'],
  },
];
