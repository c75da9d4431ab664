import type { SchemeDefinition } from '../define/definition.ts';

/** The settings of a provider of Acquia's protocol. */
export type AcquiaOptions = {
  /** The name of the provider, for example `Pipet service`. */
  readonly realm: string;
  /** Additional headers to sign, in lower case. @default [] */
  readonly signedHeaders?: readonly string[];
};

/**
 * Acquia HTTP HMAC 2.0: github.com/acquia/http-hmac-spec. Nonces are UUIDs.
 *
 * @example
 * import { acquiaHmac, defineScheme } from 'countersign/schemes';
 *
 * const scheme = defineScheme(acquiaHmac({ realm: 'Pipet service' }));
 * console.log(scheme.name); // → acquia-hmac
 */
export function acquiaHmac({ realm, signedHeaders = [] }: AcquiaOptions): SchemeDefinition {
  const encoded = encodeURIComponent(realm);
  const listed = signedHeaders.join('%3B');
  return {
    name: 'acquia-hmac',
    secret: 'base64',
    signature: 'base64',
    nonce: 'uuid',
    values: { digest: '{body|sha256|base64}' },
    stringToSign: [
      '{method}\n{authority}\n{path}\n{query}',
      `id={accessKey}&nonce={nonce}&realm=${encoded}&version=2.0`,
      ...[...signedHeaders].sort().map((name) => `${name}:{header.${name}}`),
      '{timestamp}[\n{header.content-type|default:|lower}\n{value.digest}]',
    ].join('\n'),
    headers: {
      'X-Authorization-Timestamp': '{timestamp}',
      'X-Authorization-Content-SHA256': '[{value.digest}]',
      Authorization: `acquia-http-hmac realm="${encoded}",id="{accessKey}",nonce="{nonce}",version="2.0",headers="${listed}",signature="{signature}"`,
    },
  };
}
