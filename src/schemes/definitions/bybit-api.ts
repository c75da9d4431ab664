import type { SchemeDefinition } from '../define/definition.ts';

/**
 * The REST API of Bybit, version 5: bybit-exchange.github.io/docs/v5/guide, "Authentication". Bybit signs the query of a GET and the
 * body of a POST. The window is 5 seconds.
 */
export const bybitApi: SchemeDefinition = {
  name: 'bybit-api',
  timestamp: 'unix-milliseconds',
  // Bybit demands the values without separators.
  stringToSign: '{timestamp}{accessKey}5000{query}{body}',
  headers: {
    'X-BAPI-API-KEY': '{accessKey}',
    'X-BAPI-TIMESTAMP': '{timestamp}',
    'X-BAPI-RECV-WINDOW': '5000',
    'X-BAPI-SIGN': '{signature}',
  },
};
