import type { SchemeDefinition } from '../define/definition.ts';
import { literalText } from '../define/literal-text.ts';

/** The region and the service of a call to Volcengine. */
export type VolcengineOptions = {
  /** For example `cn-north-1`. */
  readonly region: string;
  /** For example `iam`. */
  readonly service: string;
};

/**
 * The APIs of Volcengine, HMAC-SHA256: volcengine.com/docs/6369/67269. Signs `host`, `x-content-sha256` and `x-date` of the headers.
 *
 * @example
 * import { defineScheme, volcengine } from 'countersign/schemes';
 *
 * const scheme = defineScheme(volcengine({ region: 'cn-north-1', service: 'iam' }));
 * console.log(scheme.name); // → volcengine
 */
export function volcengine({ region, service }: VolcengineOptions): SchemeDefinition {
  const steps = [literalText(region), literalText(service), 'request'];
  const scope = ['{dateBasic}', ...steps].join('/');
  const names = 'host;x-content-sha256;x-date';
  return {
    name: 'volcengine',
    timestamp: 'iso-8601-basic',
    values: {
      digest: '{body|sha256|hex}',
      request: `{method}\n{path}\n{query|decode|rfc3986|sort}\nhost:{authority}\nx-content-sha256:{value.digest}\nx-date:{timestamp}\n\n${names}\n{value.digest}`,
    },
    stringToSign: `HMAC-SHA256\n{timestamp}\n${scope}\n{value.request|sha256|hex}`,
    key: { steps: ['{dateBasic}', ...steps] },
    headers: {
      'X-Date': '{timestamp}',
      'X-Content-Sha256': '{value.digest}',
      Authorization: `HMAC-SHA256 Credential={accessKey}/${scope}, SignedHeaders=${names}, Signature={signature}`,
    },
  };
}
