import type { SchemeDefinition } from '../define/definition.ts';
import { literalText } from '../define/literal-text.ts';

/** The operation of a call to Alibaba Cloud. */
export type AlibabaOptions = {
  /** For example `RunInstances`. */
  readonly action: string;
  /** The version of the API, such as `2014-05-26`. */
  readonly version: string;
};

/**
 * The APIs of Alibaba Cloud, version 3, ACS3-HMAC-SHA256: alibabacloud.com/help/en/sdk/product-overview/v3-request-structure-and-signature.
 * Signs `host` and the headers that it sets, `x-acs-…`.
 *
 * @example
 * import { alibabaCloud, defineScheme } from 'countersign/schemes';
 *
 * const scheme = defineScheme(alibabaCloud({ action: 'RunInstances', version: '2014-05-26' }));
 * console.log(scheme.name); // → alibaba-cloud
 */
export function alibabaCloud({ action, version }: AlibabaOptions): SchemeDefinition {
  const signed = {
    'x-acs-action': literalText(action),
    'x-acs-content-sha256': '{value.digest}',
    'x-acs-date': '{timestamp}',
    'x-acs-signature-nonce': '{nonce}',
    'x-acs-version': literalText(version),
  };
  const names = ['host', ...Object.keys(signed)].join(';');
  const lines = Object.entries({ host: '{authority}', ...signed }).map(([name, value]) => `${name}:${value}\n`);
  return {
    name: 'alibaba-cloud',
    timestamp: 'iso-8601',
    nonce: { form: 'base64url', min: 1, max: 128 },
    values: {
      digest: '{body|sha256|hex}',
      request: `{method}\n{path|decode|rfc3986}\n{query|decode|rfc3986|sort}\n${lines.join('')}\n${names}\n{value.digest}`,
    },
    stringToSign: 'ACS3-HMAC-SHA256\n{value.request|sha256|hex}',
    headers: {
      ...signed,
      Authorization: `ACS3-HMAC-SHA256 Credential={accessKey},SignedHeaders=${names},Signature={signature}`,
    },
  };
}
