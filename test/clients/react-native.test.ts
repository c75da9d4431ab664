// React Native's fetch is whatwg-fetch over an XMLHttpRequest, and there is no WebCrypto. In jsdom both are so too.
import type { Fetch } from 'countersign';
import { JSDOM } from 'jsdom';
import { expect, it, onTestFinished } from 'vitest';
import { type Shop, startShop } from './shop.ts';

type Realm = { readonly recipe: { readonly api: Fetch }; readonly Request: typeof Request };

/** Runs the example in a window of its own. */
async function reactNative(shop: Shop): Promise<Realm> {
  const { window } = new JSDOM('', { url: shop.origin, runScripts: 'outside-only' });
  onTestFinished(() => window.close());
  const script = await shop.bundle('React Native', ['../runtimes/entries/platform.ts', 'whatwg-fetch']);
  window.eval(`${script}; Object.assign(globalThis, { recipe });`);
  expect(window.eval('[typeof crypto.subtle, fetch.polyfill, typeof Request.prototype.body]')).toEqual([
    'undefined',
    true,
    'undefined',
  ]);
  return window as unknown as Realm;
}

const body = JSON.stringify({ sku: 'A-1 ü' });
const post = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body };

it('React Native signs addresses as they are sent', async () => {
  const shop = await startShop();
  const { recipe } = await reactNative(shop);
  expect(await (await recipe.api(`${shop.origin}/v1/./orders?q=it's [a]`)).text()).toBe('{"sku":"A-1"}');
  expect(await (await recipe.api(`${shop.origin}/v1/orders`, post)).text()).toBe(body);
  expect(shop.seen()).toEqual(['GET /v1/orders?q=it%27s%20[a] ok', 'POST /v1/orders ok']);
});

it('React Native signs a Request without body, and refuses one with a body before it is sent', async () => {
  const shop = await startShop();
  const { recipe, Request } = await reactNative(shop);
  const orders = `${shop.origin}/v1/orders`;
  expect((await recipe.api(new Request(`${orders}?q=a`))).status).toBe(200);
  await expect(recipe.api(new Request(orders, post))).rejects.toThrow('Already read');
  expect(shop.seen()).toEqual(['GET /v1/orders?q=a ok']);
});

it('a redirect that React Native follows has the old signature, and is refused', async () => {
  const shop = await startShop();
  const { recipe } = await reactNative(shop);
  shop.respondNext(new Response(null, { status: 302, headers: { Location: '/v1/other' } }));
  expect((await recipe.api(`${shop.origin}/v1/orders`)).status).toBe(401);
  expect(shop.seen()).toEqual(['GET /v1/orders ok', 'GET /v1/other signature_mismatch']);
});
