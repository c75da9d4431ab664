import type { ApolloClient } from '@apollo/client';
import { MutationObserver, type MutationOptions, QueryClient, type QueryOptions } from '@tanstack/query-core';
import type { TRPCClient } from '@trpc/client';
import type { Client as Urql } from '@urql/core';
import { parse } from 'graphql';
import type { GraphQLClient } from 'graphql-request';
import type { hc } from 'hono/client';
import { describe, expect, it } from 'vitest';
import type { App, AppRouter } from '../docs/shop.ts';
import { startShop } from './shop.ts';

const order = { sku: 'A-1 ü' };
const unavailable = () => new Response('busy', { status: 503 });

describe('RPC', () => {
  it('of hono/client is signed', async () => {
    const { recipe, seen, bodies } = await startShop();
    const { api } = await recipe<{ readonly api: ReturnType<typeof hc<App>> }>('hono/client');
    expect(await (await api.v1.orders.$get()).json()).toEqual({ sku: 'A-1' });
    expect((await api.v1.orders.$post({ json: order } as object)).status).toBe(200);
    expect(seen()).toEqual(['GET /v1/orders ok', 'POST /v1/orders ok']);
    expect(bodies()).toEqual([JSON.stringify(order)]);
  });

  it('of tRPC is signed, alone and in batches', async () => {
    const { recipe, seen, bodies } = await startShop();
    const { api } = await recipe<{ readonly api: TRPCClient<AppRouter> }>('tRPC');
    expect(await Promise.all([api.read.query(), api.read.query()])).toEqual([{ sku: 'A-1' }, { sku: 'A-1' }]);
    expect(await api.order.mutate(order)).toEqual(order);
    expect(seen()).toEqual([
      expect.stringMatching(/^GET \/trpc\/read,read\?batch=1&input=\S+ ok$/),
      'POST /trpc/order?batch=1 ok',
    ]);
    expect(bodies()).toEqual([JSON.stringify({ 0: order })]);
  });
});

const add = 'mutation Add($sku: String) { add(sku: $sku) { sku } }';
const added = { add: order };

describe('GraphQL', () => {
  it('of graphql-request is signed', async () => {
    const { recipe, seen } = await startShop();
    const { api } = await recipe<{ readonly api: GraphQLClient }>('graphql-request');
    expect(await api.request('{ order { sku } }')).toEqual({ order: { sku: 'A-1' } });
    expect(await api.request(add, order)).toEqual(added);
    expect(seen()).toEqual(['POST /graphql ok', 'POST /graphql ok']);
  });

  it('of urql is signed', async () => {
    const { recipe, seen } = await startShop();
    const { api } = await recipe<{ readonly api: Urql }>('urql');
    expect((await api.query('{ order { sku } }', {})).data).toMatchObject({ order: { sku: 'A-1' } });
    expect((await api.mutation(add, order)).data).toMatchObject(added);
    expect(seen()).toEqual([expect.stringMatching(/^GET \/graphql\?query=\S* ok$/), 'POST /graphql ok']);
  });

  it('of Apollo Client is signed, and a retry anew', async () => {
    const { recipe, seen, respondNext } = await startShop();
    const { api } = await recipe<{ readonly api: ApolloClient }>('Apollo Client');
    respondNext(unavailable());
    expect((await api.query({ query: parse('{ order { sku } }') })).data).toMatchObject({ order: { sku: 'A-1' } });
    expect((await api.mutate({ mutation: parse(add), variables: order })).data).toMatchObject(added);
    expect(seen()).toEqual(['POST /graphql ok', 'POST /graphql ok', 'POST /graphql ok']);
  });
});

describe('TanStack Query', () => {
  type Recipe = {
    readonly orders: QueryOptions & { readonly queryKey: readonly string[] };
    readonly ordering: MutationOptions<unknown, Error, typeof order>;
  };

  it('calls signed functions, and each retry is signed anew', async () => {
    const { recipe, seen, bodies, respondNext } = await startShop();
    const { orders, ordering } = await recipe<Recipe>('TanStack Query');
    const client = new QueryClient();
    respondNext(unavailable());
    expect(await client.fetchQuery({ ...orders, retry: 1, retryDelay: 1 })).toEqual({ sku: 'A-1' });
    respondNext(unavailable());
    const mutation = new MutationObserver(client, { ...ordering, retry: 1, retryDelay: 1 });
    expect(await mutation.mutate(order)).toEqual(order);
    expect(seen()).toEqual(['GET /v1/orders ok', 'GET /v1/orders ok', 'POST /v1/orders ok', 'POST /v1/orders ok']);
    expect(bodies()).toEqual([JSON.stringify(order), JSON.stringify(order)]);
    client.clear();
  });
});
