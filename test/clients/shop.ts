// The server that the examples of docs/clients.md call: it verifies each request, then Hono, tRPC or GraphQL handles it.
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { countersignV1, signedLinks } from 'countersign/schemes';
import { createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
import { buildSchema, graphql } from 'graphql';
import { onTestFinished } from 'vitest';
import { accessKey, secret } from '../docs/prelude.ts';
import { app, appRouter } from '../docs/shop.ts';
import { type Exchange, startBridge } from '../server-bridge.ts';
import { bundleExample, examplesUnder } from './examples.ts';

const schema = buildSchema(
  'type Order { sku: String } type Query { order: Order } type Mutation { add(sku: String): Order }',
);
const root = { order: { sku: 'A-1' }, add: (order: { readonly sku: string }) => order };

export type Shop = {
  readonly origin: string;
  /** What came over the wire and what the verifier said, as in `POST /v1/orders ok`. */
  seen(): readonly string[];
  /** The texts of the bodies that were not empty. */
  bodies(): readonly string[];
  /** Responds with this to the next request that is verified. */
  respondNext(response: Response): void;
  /** Imports the examples under the heading, which then call this server. */
  recipe<Exports>(heading: string): Promise<Exports>;
  /** Bundles the example under the heading, after other modules, as a script: it leaves the global `recipe`. */
  bundle(heading: string, before?: readonly string[]): Promise<string>;
};

/** Starts the server, until the test has finished. */
export async function startShop(): Promise<Shop> {
  const next: Response[] = [];
  const bridge = await startBridge({
    verifier: createVerifier({
      keys: memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }]),
      replay: memoryReplay(),
      scheme: [countersignV1, signedLinks({ maxLifetime: 3600 })],
      acceptFindings: ['no-nonce'],
    }),
    answer: (exchange) => (exchange.result.ok ? (next.shift() ?? respond(exchange)) : undefined),
  });
  onTestFinished(() => bridge.close());
  return {
    origin: bridge.origin,
    seen: () => bridge.exchanges.map(summaryOf),
    bodies: () => bridge.exchanges.map(({ request }) => new TextDecoder().decode(request.body)).filter(Boolean),
    respondNext: (response) => void next.push(response),
    async recipe(heading) {
      const files = examplesUnder(heading, bridge.origin);
      return Object.assign({}, ...(await Promise.all(files.map((file) => import(/* @vite-ignore */ file)))));
    },
    async bundle(heading, before) {
      const [file = ''] = examplesUnder(heading, bridge.origin);
      return bundleExample(file, before);
    },
  };
}

function summaryOf({ request, result }: Exchange): string {
  const target = request.target.replace(/csign-.*/, 'csign-…');
  return `${request.method} ${target} ${result.ok ? 'ok' : result.error.code}`;
}

async function respond({ request, fields }: Exchange): Promise<Response> {
  const { method, target } = request;
  const url = new URL(target, 'http://shop.test');
  const headers = fields.map(([...field]): [string, string] => field);
  const body = Buffer.from(request.body);
  const given = new Request(url, { method, headers, ...(body.length && { body }) });
  if (url.pathname.startsWith('/trpc')) {
    return fetchRequestHandler({ endpoint: '/trpc', req: given, router: appRouter });
  }
  if (url.pathname === '/graphql') {
    const { query, variables } = body.length ? await given.json() : { query: url.searchParams.get('query') };
    return Response.json(await graphql({ schema, source: query, variableValues: variables, rootValue: root }));
  }
  if (url.pathname === '/v1/events') {
    return new Response('retry: 10\nid: 1\ndata: shipped\n\n', { headers: { 'Content-Type': 'text/event-stream' } });
  }
  return app.fetch(given);
}
