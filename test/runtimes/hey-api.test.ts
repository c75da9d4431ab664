// The line of docs/clients.md for a client that @hey-api/openapi-ts generates, in one that is generated from this description.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { signedFetch } from 'countersign';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startShop } from '../clients/shop.ts';
import { pageNamed } from '../docs/markdown.ts';
import { signer } from '../docs/prelude.ts';
import { describeRuntime } from './described.ts';
import { byNpm, here, installed, outputOf } from './hosts/host.ts';
import { installRuntimes } from './install.ts';

installRuntimes();

const content = {
  'application/json': { schema: { type: 'object', required: ['sku'], properties: { sku: { type: 'string' } } } },
};
const responses = { 200: { description: 'An order.', content } };
const query = { name: 'q', in: 'query', schema: { type: 'string' } };
const description = {
  openapi: '3.1.0',
  info: { title: 'Shop', version: '1' },
  paths: {
    '/orders': {
      get: { operationId: 'readOrder', parameters: [query], responses },
      post: { operationId: 'addOrder', requestBody: { content }, responses },
    },
  },
};

type Order = { readonly sku: string };
type Result = { readonly data?: Order; readonly response: Response };
type Generated = {
  readonly client: { setConfig(config: { readonly baseUrl?: string; readonly fetch?: typeof fetch }): unknown };
  readOrder(options: { readonly query: { readonly q: string } }): Promise<Result>;
  addOrder(options: { readonly body: Order }): Promise<Result>;
};

// It needs Node 22.18.
const node = installed('node24/bin/node');
const generator = installed('@hey-api/openapi-ts/bin/run.js');

describeRuntime({ name: 'hey-api', needs: [node, generator], from: byNpm }, () => {
  let folder: string;
  beforeAll(async () => {
    mkdirSync(here('.cache'), { recursive: true });
    folder = mkdtempSync(here('.cache/hey-api-'));
    writeFileSync(`${folder}/openapi.json`, JSON.stringify(description));
    await outputOf(node, [generator, '--input', 'openapi.json', '--output', 'client'], { cwd: folder });
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true }));

  it('signs in a generated client by the line of the page', { timeout: 60_000 }, async () => {
    const shop = await startShop();
    const files = ['client.gen.ts', 'sdk.gen.ts'].map((name) => import(/* @vite-ignore */ `${folder}/client/${name}`));
    const { client, readOrder, addOrder }: Generated = Object.assign({}, ...(await Promise.all(files)));
    client.setConfig({ baseUrl: `${shop.origin}/v1` });
    expect((await readOrder({ query: { q: 'a' } })).response.status).toBe(401);

    const [, line = ''] = /`(client\.setConfig\([^`]+)`/.exec(pageNamed('docs/clients.md').text) ?? [];
    new Function('client', 'signedFetch', 'signer', line)(client, signedFetch, signer);
    expect((await readOrder({ query: { q: "it's [a] b+c" } })).data).toEqual({ sku: 'A-1' });
    const body = { sku: 'A-1 ü' };
    expect((await addOrder({ body })).data).toEqual(body);
    expect(shop.seen()).toEqual([
      'GET /v1/orders?q=a missing_signature',
      expect.stringMatching(/^GET \/v1\/orders\?q=\S+ ok$/),
      'POST /v1/orders ok',
    ]);
    expect(shop.bodies()).toEqual([JSON.stringify(body)]);
  });
});
