import type { SchemeDefinition } from '../define/definition.ts';
import { literalText } from '../define/literal-text.ts';

/** The shop of a call to Shopee. */
export type ShopeeOptions = {
  /** The id of the shop. */
  readonly shopId: string;
  /** The access token of the shop, which Shopee renews every four hours. */
  readonly accessToken: string;
};

/**
 * The shop APIs of Shopee, version 2: open.shopee.com/developer-guide/16. The access key is the partner id, the secret the partner key.
 *
 * @example
 * import { defineScheme, shopeeApi } from 'countersign/schemes';
 *
 * const scheme = defineScheme(shopeeApi({ shopId: '14701711', accessToken: 'c09222e3fc40ffb25fc947f738b1abf1' }));
 * console.log(scheme.name); // → shopee-api
 */
export function shopeeApi({ shopId, accessToken }: ShopeeOptions): SchemeDefinition {
  return {
    name: 'shopee-api',
    // Shopee demands the values without separators.
    stringToSign: `{accessKey}{path}{timestamp}${literalText(accessToken + shopId)}`,
    query: {
      partner_id: '{accessKey}',
      timestamp: '{timestamp}',
      access_token: literalText(accessToken),
      shop_id: literalText(shopId),
      sign: '{signature}',
    },
  };
}
