import { createHmac } from 'node:crypto';
import { shopifyAppProxy } from 'countersign/schemes';
import { verifyWebhook } from 'countersign/webhooks';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const acceptFindings = ['body-unsigned', 'method-unsigned', 'path-unsigned', 'query-unsigned'] as const;

const outcome = async (query: string, secret: string) => {
  const url = `https://app.example.com/proxy?${query}`;
  const event = await verifyWebhook(
    { method: 'GET', url, headers: {} },
    { scheme: shopifyAppProxy, secret, acceptFindings },
  );
  return event.ok ? 'ok' : event.error.code;
};

// "Authenticate app proxies" in the documentation of Shopify. Its secret is shorter than this package accepts.
const parameters =
  'extra=1&extra=2&shop=shop-name.myshopify.com&logged_in_customer_id=1&path_prefix=%2Fapps%2Fawesome_reviews&timestamp=1317327555';
const text =
  'extra=1,2logged_in_customer_id=1path_prefix=/apps/awesome_reviewsshop=shop-name.myshopify.comtimestamp=1317327555';
const macOf = (secret: string, signed: string) => createHmac('sha256', secret).update(signed).digest('hex');
const secret = 'a client secret of an app';

describe('shopifyAppProxy', () => {
  it('signs what the example signs', async () => {
    expect(macOf('hush', text)).toBe('4c68c8624d737112c91818c11017d24d334b524cb5c2b8ba08daa056f7395ddb');
    expect(await outcome(`${parameters}&signature=${macOf(secret, text)}`, secret)).toBe('ok');
  });

  it('takes parameters in any order, and the signature anywhere', async () => {
    const all = [...parameters.split('&').slice(2), `signature=${macOf(secret, text)}`, 'extra=1&extra=2'];
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(all, { minLength: all.length }), async (shuffled) => {
        expect(await outcome(shuffled.join('&'), secret)).toBe('ok');
      }),
    );
  });

  it.each([
    ['a value changed', parameters.replace('extra=1', 'extra=3')],
    ['a parameter more', `${parameters}&admin=1`],
    ['values in another order', parameters.replace('extra=1&extra=2', 'extra=2&extra=1')],
  ])('refuses %s', async (_, changed) => {
    expect(await outcome(`${changed}&signature=${macOf(secret, text)}`, secret)).toBe('signature_mismatch');
  });

  it('leaves open what its finding says: where a parameter ends', async () => {
    const moved = parameters.replace('extra=1&extra=2&', '').concat('&extra=1,2logged_in_customer_id%3D1');
    const forged = moved.replace('&logged_in_customer_id=1', '');
    expect(await outcome(`${forged}&signature=${macOf(secret, text)}`, secret)).toBe('ok');
  });
});
