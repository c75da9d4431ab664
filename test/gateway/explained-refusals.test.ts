import { createServer } from 'node:http';
import { explainRefusals } from 'countersign/explain';
import { forwardAuth, reverseProxy } from 'countersign/gateway';
import { afterEach, describe, expect, it } from 'vitest';
import { type App, listening } from '../adapters/adapter.ts';
import { type Answered, type Sent, sendHttp1 } from '../adapters/wire.ts';
import { jsonOf, type Parties, parties, signed } from './calls.ts';

const opened: App[] = [];
afterEach(async () => {
  for (const app of opened.splice(0)) await app.close();
});

const explaining = (): Parties => parties({ explain: explainRefusals({ timeout: 30_000 }) }, { explain: true });

/** What a proxy asks the gateway of a request. */
const headersOf: Readonly<Record<'nginx' | 'traefik', (sent: Sent) => Sent['headers']>> = {
  nginx: ({ method, target }) => ({
    ...{ 'X-Original-Method': method, 'X-Original-URI': target, 'X-Original-Host': 'api.example.com' },
    ...{ 'X-Original-Proto': 'https', 'X-Original-Address': '203.0.113.9' },
  }),
  traefik: ({ method, target }) => ({
    ...{ 'X-Forwarded-Method': method, 'X-Forwarded-Uri': target, 'X-Forwarded-Host': 'api.example.com' },
    ...{ 'X-Forwarded-Proto': 'https', 'X-Forwarded-For': '203.0.113.9' },
  }),
};

async function askedBy(dialect: 'nginx' | 'traefik', known: Parties, sent: Sent): Promise<Answered> {
  const app = await listening(createServer(forwardAuth(known.verifier, { dialect })));
  opened.push(app);
  const headers = { ...sent.headers, ...headersOf[dialect](sent) };
  return sendHttp1(app.origin, { method: 'GET', target: '/_countersign', headers });
}

describe.each(['nginx', 'traefik'] as const)('forward-auth behind %s', (dialect) => {
  it('tells the callers of a key that explains what differs', async () => {
    const known = explaining();
    const answer = await askedBy(dialect, known, { ...signed(known), target: '/v1/orders/?page=2' });
    expect(jsonOf(answer)).toMatchObject({
      code: 'signature_mismatch',
      stringToSign: expect.stringContaining('\napi.example.com\n/v1/orders/?page=2\n'),
      differences: [{ code: 'path-slash', proven: true }],
    });
  });
});

it('tells nginx as much in a header as it takes', async () => {
  const known = explaining();
  const problemOf = async (target: string): Promise<string> => {
    const answer = await askedBy('nginx', known, { ...signed(known, { target }), target: `${target}&x=1` });
    return answer.headers.get('x-countersign-problem') ?? '';
  };
  expect(JSON.parse(await problemOf('/v1/orders?a=1'))).toMatchObject({
    stringToSign: expect.stringContaining('\n/v1/orders?a=1&x=1\n'),
    differences: [{ code: 'query-parameter' }],
  });
  const long = await problemOf(`/v1/orders?a=${'1'.repeat(4000)}`);
  expect(long.length).toBeLessThan(2600);
  expect(JSON.parse(long)).toMatchObject({ differences: [{ code: 'query-parameter' }] });
  expect(JSON.parse(long)).not.toHaveProperty('stringToSign');
});

it('tells callers through the reverse proxy, and lets nothing through', async () => {
  const known = explaining();
  let passed = 0;
  const backend = await listening(
    createServer((_, response) => {
      passed++;
      response.end();
    }),
  );
  const proxy = await listening(
    createServer(reverseProxy(known.verifier, { upstream: backend.origin, report: () => {} })),
  );
  opened.push(backend, proxy);
  const sent = signed(known, { method: 'POST', body: '{}', target: '/v1/orders' });
  const answer = await sendHttp1(proxy.origin, { ...sent, target: '/v1/orders/' });
  expect(jsonOf(answer)).toMatchObject({ code: 'signature_mismatch', differences: [{ code: 'path-slash' }] });
  expect(passed).toBe(0);
});
