import type { createClient } from '@hey-api/client-fetch';
import axios, { type AxiosInstance } from 'axios';
import { signedFetch } from 'countersign';
import type { Got } from 'got';
import type { $Fetch } from 'ofetch';
import type { Client } from 'openapi-fetch';
import { describe, expect, it } from 'vitest';
import type { Wretch } from 'wretch';
import { signer } from '../docs/prelude.ts';
import type { paths } from '../docs/shop.ts';
import { type Shop, startShop } from './shop.ts';

const order = { sku: 'A-1 ü' };
const unavailable = () => new Response('busy', { status: 503 });

/** What a client does, each call by its own interface. */
type Calls = {
  get(query: string): Promise<unknown>;
  post(body: typeof order): Promise<unknown>;
};

const clients: Readonly<Record<string, (shop: Shop) => Promise<Calls>>> = {
  async axios({ recipe }) {
    const { api } = await recipe<{ readonly api: AxiosInstance }>('axios');
    return {
      get: async (q) => (await api.get('/orders', { params: { q } })).data,
      post: async (body) => (await api.post('/orders', body)).data,
    };
  },
  async 'openapi-fetch'({ recipe }) {
    const { api } = await recipe<{ readonly api: Client<paths> }>('openapi-fetch');
    return {
      get: async (q) => (await api.GET('/orders', { params: { query: { q } } })).data,
      post: async (body) => (await api.POST('/orders', { body })).data,
    };
  },
  async 'hey-api'({ recipe }) {
    const { api } = await recipe<{ readonly api: ReturnType<typeof createClient> }>('hey-api');
    return {
      get: async (q) => (await api.get({ url: '/orders', query: { q } })).data,
      post: async (body) =>
        (await api.post({ url: '/orders', body, headers: { 'Content-Type': 'application/json' } })).data,
    };
  },
  async ofetch({ recipe }) {
    const { api } = await recipe<{ readonly api: $Fetch }>('ofetch');
    return {
      get: (q) => api('/orders', { query: { q } }),
      post: (body) => api('/orders', { method: 'POST', body }),
    };
  },
  async wretch({ recipe }) {
    const { api } = await recipe<{ readonly api: Wretch }>('wretch');
    return {
      get: (q) => api.get(`/orders?${new URLSearchParams({ q })}`).json(),
      post: (body) => api.url('/orders').post(body).json(),
    };
  },
  async got({ recipe }) {
    const { api } = await recipe<{ readonly api: Got }>('got');
    return {
      get: (q) => api('orders', { searchParams: { q } }).json(),
      post: (body) => api.post('orders', { json: body }).json(),
    };
  },
};

describe.each(Object.entries(clients))('%s', (_, start) => {
  it('signs a GET with a query, and a POST with JSON', async () => {
    const shop = await startShop();
    const { get, post } = await start(shop);
    expect(await get("it's [a] b+c")).toEqual({ sku: 'A-1' });
    expect(await post(order)).toEqual(order);
    expect(shop.seen()).toEqual([expect.stringMatching(/^GET \/v1\/orders\?q=\S+ ok$/), 'POST /v1/orders ok']);
    expect(shop.bodies()).toEqual([JSON.stringify(order)]);
  });
});

describe.each(['ofetch', 'wretch', 'got'])('a retry of %s', (name) => {
  it('is signed anew', async () => {
    const shop = await startShop();
    const calls = await clients[name]?.(shop);
    shop.respondNext(unavailable());
    expect(await calls?.get('a')).toEqual({ sku: 'A-1' });
    expect(shop.seen()).toEqual(['GET /v1/orders?q=a ok', 'GET /v1/orders?q=a ok']);
  });
});

describe('axios', () => {
  it.each([
    ['adapter', { env: { fetch: signedFetch(signer) } }],
    ['env.fetch', { adapter: 'fetch' }],
  ])('sends unsigned without %s, as the page says', async (_, settings) => {
    const shop = await startShop();
    const api = axios.create({ baseURL: `${shop.origin}/v1`, ...settings });
    await expect(api.get('/orders')).rejects.toMatchObject({ status: 401 });
    expect(shop.seen()).toEqual(['GET /v1/orders missing_signature']);
  });

  it('is refused a redirect', async () => {
    const shop = await startShop();
    const { api } = await shop.recipe<{ readonly api: AxiosInstance }>('axios');
    shop.respondNext(new Response(null, { status: 307, headers: { Location: '/v1/orders' } }));
    await expect(api.get('/orders')).rejects.toThrow(/redirects to/);
    expect(shop.seen()).toEqual(['GET /v1/orders ok']);
  });
});

describe('got', () => {
  it('signs a repeated POST anew', async () => {
    const shop = await startShop();
    const { api } = await shop.recipe<{ readonly api: Got }>('got');
    shop.respondNext(unavailable());
    const retry = { limit: 1, methods: ['POST' as const], calculateDelay: () => 1 };
    expect(await api.post('orders', { json: order, retry }).json()).toEqual(order);
    expect(shop.seen()).toEqual(['POST /v1/orders ok', 'POST /v1/orders ok']);
  });

  it('follows no redirect', async () => {
    const shop = await startShop();
    const { api } = await shop.recipe<{ readonly api: Got }>('got');
    shop.respondNext(new Response(null, { status: 307, headers: { Location: '/v1/orders' } }));
    expect((await api('orders')).statusCode).toBe(307);
    expect(shop.seen()).toEqual(['GET /v1/orders ok']);
  });

  it('is refused bodies that must be read, before anything is sent', async () => {
    const shop = await startShop();
    const { api } = await shop.recipe<{ readonly api: Got }>('got');
    const form = new FormData();
    form.set('a', 'b');
    await expect(api.post('orders', { body: form })).rejects.toMatchObject({ code: 'async_required' });
    expect(shop.seen()).toEqual([]);
  });
});
