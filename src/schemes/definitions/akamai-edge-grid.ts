import type { SchemeDefinition } from '../define/definition.ts';

/** The part of Akamai's client credentials beside access token and client secret. */
export type EdgeGridOptions = {
  /** The client token that Akamai issues with the access token and the secret. */
  readonly clientToken: string;
};

/**
 * Akamai EdgeGrid, EG1-HMAC-SHA256: techdocs.akamai.com/developer/docs/authenticate-with-edgegrid.
 *
 * @example
 * import { akamaiEdgeGrid, defineScheme } from 'countersign/schemes';
 *
 * const scheme = defineScheme(akamaiEdgeGrid({ clientToken: 'akab-client-token-xxx' }));
 * console.log(scheme.name); // → akamai-edgegrid
 */
export function akamaiEdgeGrid({ clientToken }: EdgeGridOptions): SchemeDefinition {
  const parameters = `EG1-HMAC-SHA256 client_token=${clientToken};access_token={accessKey};timestamp={timestamp};nonce={nonce};`;
  return {
    name: 'akamai-edgegrid',
    signature: 'base64',
    timestamp: { pattern: '{YYYY}{MM}{DD}T{HH}:{mm}:{ss}+0000' },
    key: { steps: ['{timestamp}'], encoding: 'base64' },
    stringToSign: `{method}\t{scheme}\t{authority}\t{target}\t\t[{body|only:POST|truncate:131072|sha256|base64}]\t${parameters}`,
    headers: { Authorization: `${parameters}signature={signature}` },
  };
}
