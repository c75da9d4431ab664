import type { SchemeDefinition } from '../define/definition.ts';
import { literalText } from '../define/literal-text.ts';

/** The service of a call to Tencent Cloud. */
export type TencentOptions = {
  /** The name of the service, such as `cvm`: the first label of its host. */
  readonly service: string;
};

/**
 * The APIs of Tencent Cloud, TC3-HMAC-SHA256: cloud.tencent.com/document/api/213/30654. Every request needs a `Content-Type`, in lower case.
 * `X-TC-Action` and other headers are not signed.
 *
 * @example
 * import { defineScheme, tencentCloud } from 'countersign/schemes';
 *
 * const scheme = defineScheme(tencentCloud({ service: 'cvm' }));
 * console.log(scheme.name); // → tencent-cloud
 */
export function tencentCloud({ service }: TencentOptions): SchemeDefinition {
  const scope = `{date}/${literalText(service)}/tc3_request`;
  return {
    name: 'tencent-cloud',
    values: {
      request:
        '{method}\n{path}\n{query}\ncontent-type:{header.content-type|lower}\nhost:{authority}\n\ncontent-type;host\n{body|sha256|hex}',
    },
    stringToSign: `TC3-HMAC-SHA256\n{timestamp}\n${scope}\n{value.request|sha256|hex}`,
    key: { prefix: 'TC3', steps: ['{date}', literalText(service), 'tc3_request'] },
    headers: {
      'X-TC-Timestamp': '{timestamp}',
      Authorization: `TC3-HMAC-SHA256 Credential={accessKey}/${scope}, SignedHeaders=content-type;host, Signature={signature}`,
    },
  };
}
