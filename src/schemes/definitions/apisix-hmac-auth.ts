import type { SchemeDefinition } from '../define/definition.ts';
import type { SignedHeaderOptions } from './kong-hmac-auth.ts';

/**
 * The plugin hmac-auth of Apache APISIX since 3.11: apisix.apache.org/docs/apisix/plugins/hmac-auth. The list may contain
 * `@request-target` beside headers; it must contain `date`.
 *
 * @example
 * import { apisixHmacAuth, defineScheme } from 'countersign/schemes';
 *
 * const scheme = defineScheme(apisixHmacAuth({ signedHeaders: ['@request-target', 'date', 'digest'] }));
 * console.log(scheme.name); // → apisix-hmac-auth
 */
export function apisixHmacAuth({
  signedHeaders = ['@request-target', 'date', 'host', 'digest'],
}: SignedHeaderOptions = {}): SchemeDefinition {
  return {
    name: 'apisix-hmac-auth',
    signature: 'base64',
    timestamp: 'imf-fixdate',
    // APISIX signs the line break at the end too.
    stringToSign: ['{accessKey}', ...signedHeaders.map(formatLine), ''].join('\n'),
    headers: {
      Date: '{timestamp}',
      ...(signedHeaders.includes('digest') && { Digest: digest }),
      Authorization: `Signature keyId="{accessKey}",algorithm="hmac-sha256",headers="${signedHeaders.join(' ')}",signature="{signature}"`,
    },
  };
}

const digest = 'SHA-256={body|sha256|base64}';

function formatLine(name: string): string {
  if (name === '@request-target') return '{method} {target}';
  if (name === 'host') return 'host: {authority}';
  if (name === 'digest') return `digest: ${digest}`;
  return name === 'date' ? 'date: {timestamp}' : `${name}: {header.${name}}`;
}
