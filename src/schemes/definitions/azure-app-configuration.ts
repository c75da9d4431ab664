import type { SchemeDefinition } from '../define/definition.ts';

/** Azure App Configuration: learn.microsoft.com/azure/azure-app-configuration/rest-api-authentication-hmac. */
export const azureAppConfiguration: SchemeDefinition = {
  name: 'azure-app-configuration',
  secret: 'base64',
  signature: 'base64',
  timestamp: 'imf-fixdate',
  values: { digest: '{body|sha256|base64}' },
  stringToSign: '{method}\n{target}\n{timestamp};{authority};{value.digest}',
  headers: {
    'x-ms-date': '{timestamp}',
    'x-ms-content-sha256': '{value.digest}',
    Authorization:
      'HMAC-SHA256 Credential={accessKey}&SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature={signature}',
  },
};
