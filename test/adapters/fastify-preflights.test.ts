import { protect } from 'countersign/fastify';
import { createVerifier, type GateOptions, memoryKeys, memoryReplay } from 'countersign/server';
import Fastify, { type FastifyInstance } from 'fastify';
import { expect, it } from 'vitest';

const page = 'https://app.example.com';
const verifier = createVerifier({ keys: memoryKeys([]), replay: memoryReplay() });
const gateFor = (origin: string) => protect(verifier, { cors: { origins: [origin] } } satisfies GateOptions<never>);

const asked = async (app: FastifyInstance, url: string): Promise<readonly unknown[]> => {
  const headers = { origin: page, 'access-control-request-method': 'POST' };
  const { statusCode, headers: answer } = await app.inject({ method: 'OPTIONS', url, headers });
  return [statusCode, answer['access-control-allow-origin']];
};

it('preflights reach a gate on an instance with a prefix, and on none else', async () => {
  const app = Fastify();
  app.get('/open', () => 'open');
  app.register(
    async (api) => {
      api.register(gateFor(page));
      api.post('/orders', () => 'ordered');
    },
    { prefix: '/v1' },
  );
  for (const url of ['/v1/orders', '/v1/orders/1', '/v1']) expect(await asked(app, url)).toEqual([204, page]);
  expect(await asked(app, '/open')).toEqual([404, undefined]);
  const { statusCode, body } = await app.inject('/open');
  expect([statusCode, body]).toEqual([200, 'open']);
});

it('preflights reach a gate on an instance without a prefix', async () => {
  const app = Fastify();
  app.register(async (api) => {
    api.register(gateFor(page));
    api.post('/orders', () => 'ordered');
  });
  expect(await asked(app, '/orders')).toEqual([204, page]);
});

it('gates and apps that have a route for OPTIONS already go together', async () => {
  const app = Fastify();
  app.options('*', () => 'own');
  app.register(gateFor(page));
  app.register(async (api) => {
    api.register(gateFor('https://other.example.com'));
  });
  expect(await asked(app, '/orders')).toEqual([204, page]);
  const { statusCode } = await app.inject({ method: 'OPTIONS', url: '/orders' });
  expect(statusCode).toBe(401);
});
