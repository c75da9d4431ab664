import type { SchemeDefinition } from '../define/definition.ts';
import type { SignedHeaderOptions } from './kong-hmac-auth.ts';

/**
 * The plugin hmac-auth of Apache APISIX since 3.11: apisix.apache.org/docs/apisix/plugins/hmac-auth. `@request-target` can be
 * named beside headers; `date` must be.
 */
export function apisixHmacAuth({
  signedHeaders = ['@request-target', 'date', 'host', 'digest'],
}: SignedHeaderOptions = {}): SchemeDefinition {
  return {
    name: 'apisix-hmac-auth',
    signature: 'base64',
    timestamp: 'imf-fixdate',
    // The line break at the end is part of it.
    stringToSign: ['{accessKey}', ...signedHeaders.map(lineOf), ''].join('\n'),
    headers: {
      Date: '{timestamp}',
      ...(signedHeaders.includes('digest') && { Digest: digest }),
      Authorization: `Signature keyId="{accessKey}",algorithm="hmac-sha256",headers="${signedHeaders.join(' ')}",signature="{signature}"`,
    },
  };
}

const digest = 'SHA-256={body|sha256|base64}';

function lineOf(name: string): string {
  if (name === '@request-target') return '{method} {target}';
  if (name === 'host') return 'host: {authority}';
  if (name === 'digest') return `digest: ${digest}`;
  return name === 'date' ? 'date: {timestamp}' : `${name}: {header.${name}}`;
}
