import type { SchemeDefinition } from '../define/definition.ts';

/**
 * The requests that Shopify forwards to the proxy of an app:
 * shopify.dev/docs/apps/build/online-store/app-proxies/authenticate-app-proxies. The secret is the client secret of the app. The
 * parameters are signed decoded and sorted, with nothing between them.
 */
export const shopifyAppProxy: SchemeDefinition = {
  name: 'shopify-app-proxy',
  stringToSign: '{query|decode|merge:,|sort:text|join:}',
  query: { signature: '{signature}' },
  signaturePosition: 'any',
};
