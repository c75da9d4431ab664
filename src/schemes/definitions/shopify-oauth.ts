import type { SchemeDefinition } from '../define/definition.ts';

/**
 * The addresses to which Shopify sends browsers, to install an app and after authorisation:
 * shopify.dev/docs/apps/build/authentication-authorization/access-tokens/authorization-code-grant. The secret is the client secret of
 * the app. The query is signed, sorted by name, without `hmac`. Shopify's own package accepts it for 90 seconds.
 */
export const shopifyOauth: SchemeDefinition = {
  name: 'shopify-oauth',
  stringToSign: '{query|sort}',
  query: { timestamp: '{timestamp}', hmac: '{signature}' },
  signaturePosition: 'any',
};
