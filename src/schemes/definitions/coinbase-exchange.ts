import type { SchemeDefinition } from '../define/definition.ts';
import { literalText } from '../define/literal-text.ts';

/** The part of the API key of an exchange beside key and secret. */
export type PassphraseOptions = {
  /** The passphrase of the API key. It is sent as it is. */
  readonly passphrase: string;
};

/**
 * The REST API of Coinbase Exchange: docs.cdp.coinbase.com/exchange/rest-api/authentication. The secret is base64.
 *
 * @example
 * import { coinbaseExchange, defineScheme } from 'countersign/schemes';
 *
 * const scheme = defineScheme(coinbaseExchange({ passphrase: 'the passphrase of the key' }));
 * console.log(scheme.name); // → coinbase-exchange
 */
export function coinbaseExchange({ passphrase }: PassphraseOptions): SchemeDefinition {
  return {
    name: 'coinbase-exchange',
    secret: 'base64',
    signature: 'base64',
    // Coinbase demands the values without separators.
    stringToSign: '{timestamp}{method}{target}{body}',
    headers: {
      'CB-ACCESS-KEY': '{accessKey}',
      'CB-ACCESS-TIMESTAMP': '{timestamp}',
      'CB-ACCESS-PASSPHRASE': literalText(passphrase),
      'CB-ACCESS-SIGN': '{signature}',
    },
  };
}
