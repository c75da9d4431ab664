import type { SchemeDefinition } from '../define/definition.ts';
import { literalText } from '../define/literal-text.ts';
import type { PassphraseOptions } from './coinbase-exchange.ts';

/**
 * The REST API of OKX, version 5: okx.com/docs-v5/en/#overview-rest-authentication.
 *
 * @example
 * import { defineScheme, okxApi } from 'countersign/schemes';
 *
 * const scheme = defineScheme(okxApi({ passphrase: 'the passphrase of the key' }));
 * console.log(scheme.name); // → okx-api
 */
export function okxApi({ passphrase }: PassphraseOptions): SchemeDefinition {
  return {
    name: 'okx-api',
    signature: 'base64',
    timestamp: 'iso-8601-milliseconds',
    // OKX demands the values without separators.
    stringToSign: '{timestamp}{method}{target}{body}',
    headers: {
      'OK-ACCESS-KEY': '{accessKey}',
      'OK-ACCESS-TIMESTAMP': '{timestamp}',
      'OK-ACCESS-PASSPHRASE': literalText(passphrase),
      'OK-ACCESS-SIGN': '{signature}',
    },
  };
}
