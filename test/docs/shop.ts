// What examples import from `./shop.ts`: what a provider publishes, or a tool generates from it.
import { initTRPC } from '@trpc/server';
import { Hono } from 'hono';

const json = { 'application/json': { sku: '' } } as const;
type Orders = { readonly content: typeof json };

/** As openapi-typescript generates it. */
export type paths = {
  '/orders': {
    get: { parameters: { query?: { q?: string } }; responses: { 200: Orders } };
    post: { requestBody: { content: { 'application/json': { sku: string } } }; responses: { 200: Orders } };
  };
};

const { router, procedure } = initTRPC.create();

/** The server of tRPC. */
export const appRouter = router({
  read: procedure.query(() => ({ sku: 'A-1' })),
  order: procedure.input((order) => order as { sku: string }).mutation(({ input }) => input),
});

export type AppRouter = typeof appRouter;

/** The server of Hono. */
export const app = new Hono()
  .basePath('/v1')
  .get('/orders', (context) => context.json({ sku: 'A-1' }))
  .post('/orders', async (context) => context.json(await context.req.json<{ sku: string }>()));

export type App = typeof app;
