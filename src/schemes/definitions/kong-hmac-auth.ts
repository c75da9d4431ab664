import type { SchemeDefinition } from '../define/definition.ts';

/** The parts of a request that a client of Kong or APISIX signs. */
export type SignedHeaderOptions = {
  /**
   * Names of headers, and of the request line in the forms that these gateways treat as headers, in the order in which they are
   * signed. A verifier accepts exactly this list.
   */
  readonly signedHeaders?: readonly string[];
};

/**
 * The plugin hmac-auth of Kong: developer.konghq.com/plugins/hmac-auth. The list may contain `@request-target` and `request-line`
 * beside headers; it must contain `x-date` or `date`.
 *
 * @example
 * import { defineScheme, kongHmacAuth } from 'countersign/schemes';
 *
 * const scheme = defineScheme(kongHmacAuth({ signedHeaders: ['x-date', 'request-line', 'digest'] }));
 * console.log(scheme.name); // → kong-hmac-auth
 */
export function kongHmacAuth({
  signedHeaders = ['x-date', 'host', '@request-target', 'digest'],
}: SignedHeaderOptions = {}): SchemeDefinition {
  const date = signedHeaders.includes('x-date') ? 'X-Date' : 'Date';
  return {
    name: 'kong-hmac-auth',
    signature: 'base64',
    timestamp: 'imf-fixdate',
    stringToSign: signedHeaders.map(formatLine).join('\n'),
    headers: {
      [date]: '{timestamp}',
      ...(signedHeaders.includes('digest') && { Digest: digest }),
      Authorization: `hmac username="{accessKey}", algorithm="hmac-sha256", headers="${signedHeaders.join(' ')}", signature="{signature}"`,
    },
  };
}

const digest = 'SHA-256={body|sha256|base64}';

function formatLine(name: string): string {
  if (name === '@request-target') return '@request-target: {method|lower} {target}';
  if (name === 'request-line') return '{method} {target} HTTP/1.1';
  if (name === 'host') return 'host: {authority}';
  if (name === 'digest') return `digest: ${digest}`;
  return /^(?:x-)?date$/.test(name) ? `${name}: {timestamp}` : `${name}: {header.${name}}`;
}
