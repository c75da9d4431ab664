import type { SchemeDefinition } from '../define/definition.ts';

/**
 * The spot API of Binance with HMAC keys: developers.binance.com/docs/binance-spot-api-docs/rest-api/request-security. The
 * timestamp is added to the query. A `recvWindow` that is already in the query is signed too.
 */
export const binanceSpot: SchemeDefinition = {
  name: 'binance-spot',
  timestamp: 'unix-milliseconds',
  // Binance demands query and body without a separator.
  stringToSign: '{query}{body}',
  headers: { 'X-MBX-APIKEY': '{accessKey}' },
  query: { timestamp: '{timestamp}', signature: '{signature}' },
};
