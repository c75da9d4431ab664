import type { SchemeDefinition } from '../define/definition.ts';

/**
 * Azure Communication Services: learn.microsoft.com/azure/communication-services/tutorials/hmac-header-tutorial. The access key is the
 * base64 secret. Requests carry no name: the host identifies the resource.
 */
export const azureCommunicationServices: SchemeDefinition = {
  name: 'azure-communication-services',
  secret: 'base64',
  signature: 'base64',
  timestamp: 'imf-fixdate',
  values: { digest: '{body|sha256|base64}' },
  stringToSign: '{method}\n{target}\n{timestamp};{authority};{value.digest}',
  headers: {
    'x-ms-date': '{timestamp}',
    'x-ms-content-sha256': '{value.digest}',
    Authorization: 'HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature={signature}',
  },
};
