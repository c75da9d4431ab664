import type { SchemeDefinition } from '../define/definition.ts';

/**
 * The spot API of Binance with HMAC keys: developers.binance.com/docs/binance-spot-api-docs/rest-api/request-security. The time
 * is added to the query; a `recvWindow` that is already there is signed with it.
 */
export const binanceSpot: SchemeDefinition = {
  name: 'binance-spot',
  timestamp: 'unix-milliseconds',
  // Query and body touch: so Binance will have it.
  stringToSign: '{query}{body}',
  headers: { 'X-MBX-APIKEY': '{accessKey}' },
  query: { timestamp: '{timestamp}', signature: '{signature}' },
};
