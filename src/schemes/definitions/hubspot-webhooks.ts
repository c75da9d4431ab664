import type { SchemeDefinition } from '../define/definition.ts';

/**
 * The webhooks of HubSpot, version 3: developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation.
 * The secret is the client secret of the app. HubSpot signs some escapes of the address decoded: use an address without escapes.
 */
export const hubspotWebhooks: SchemeDefinition = {
  name: 'hubspot-webhooks',
  signature: 'base64',
  timestamp: 'unix-milliseconds',
  // HubSpot demands the values without separators.
  stringToSign: '{method}{url}{body}{timestamp}',
  headers: { 'X-HubSpot-Request-Timestamp': '{timestamp}', 'X-HubSpot-Signature-v3': '{signature}' },
};
