import type { SchemeDefinition } from '../define/definition.ts';

/** What a caller of Kong or APISIX signs. */
export type SignedHeaderOptions = {
  /**
   * Names of headers, and of what these gateways treat as such, in the order in which they are signed. A verifier takes no
   * others.
   */
  readonly signedHeaders?: readonly string[];
};

/**
 * The plugin hmac-auth of Kong: developer.konghq.com/plugins/hmac-auth. `@request-target` and `request-line` can be named beside
 * headers; one of `x-date` and `date` must be.
 */
export function kongHmacAuth({
  signedHeaders = ['x-date', 'host', '@request-target', 'digest'],
}: SignedHeaderOptions = {}): SchemeDefinition {
  const date = signedHeaders.includes('x-date') ? 'X-Date' : 'Date';
  return {
    name: 'kong-hmac-auth',
    signature: 'base64',
    timestamp: 'imf-fixdate',
    stringToSign: signedHeaders.map(lineOf).join('\n'),
    headers: {
      [date]: '{timestamp}',
      ...(signedHeaders.includes('digest') && { Digest: digest }),
      Authorization: `hmac username="{accessKey}", algorithm="hmac-sha256", headers="${signedHeaders.join(' ')}", signature="{signature}"`,
    },
  };
}

const digest = 'SHA-256={body|sha256|base64}';

function lineOf(name: string): string {
  if (name === '@request-target') return '@request-target: {method|lower} {target}';
  if (name === 'request-line') return '{method} {target} HTTP/1.1';
  if (name === 'host') return 'host: {authority}';
  if (name === 'digest') return `digest: ${digest}`;
  return /^(?:x-)?date$/.test(name) ? `${name}: {timestamp}` : `${name}: {header.${name}}`;
}
