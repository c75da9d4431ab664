import type { SchemeDefinition } from '../define/definition.ts';

/**
 * The APIs of Huawei Cloud, SDK-HMAC-SHA256: support.huaweicloud.com/intl/en-us/devg-apisign/api-sign-algorithm.html. Signs host and
 * date of the headers.
 * Huawei signs a path with a slash at its end: a path that already ends in one is not supported.
 */
export const huaweiCloud: SchemeDefinition = {
  name: 'huawei-cloud',
  timestamp: 'iso-8601-basic',
  values: {
    request:
      '{method}\n{path|decode|rfc3986}/\n{query|decode|rfc3986|sort}\nhost:{authority}\nx-sdk-date:{timestamp}\n\nhost;x-sdk-date\n{body|sha256|hex}',
  },
  stringToSign: 'SDK-HMAC-SHA256\n{timestamp}\n{value.request|sha256|hex}',
  headers: {
    'X-Sdk-Date': '{timestamp}',
    Authorization: 'SDK-HMAC-SHA256 Access={accessKey}, SignedHeaders=host;x-sdk-date, Signature={signature}',
  },
};
