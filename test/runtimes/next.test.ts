// The blocks of docs/adapters.md for Next.js, in an app as `next build` and `next start` make it, with this package as it is built.
import { readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { createSigner, formQuery, prepareRequest } from 'countersign';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type App, listening } from '../adapters/adapter.ts';
import { type Answered, sendHttp1 } from '../adapters/wire.ts';
import { describeRuntime } from './described.ts';
import { byNpm, installed } from './hosts/host.ts';
import { installRuntimes } from './install.ts';
import { describeReceiver, type Receiver } from './receivers/contract.ts';
import { buildNext, createNextProject, startNext } from './receivers/next.ts';
import { credentials, type Project, recipes } from './receivers/project.ts';
import type { Served } from './receivers/served.ts';

installRuntimes();

const publicOrigin = 'https://api.example.com';
const signer = createSigner(credentials);
const [orders = '', , reading = ''] = recipes('Next.js');

const layout = 'export default ({ children }) => <html lang="en"><body>{children}</body></html>;\n';
const page = (first: string): string => `
import { connection } from 'next/server';
import { Suspense } from 'react';
import { signer } from 'given';
async function Part() {
  ${first}
  return <p>{(await signer.sign('https://api.example.com/')).headers.get('x-api-timestamp')}</p>;
}
export default () => <Suspense fallback="…"><Part /></Suspense>;
`;
const caller = `
import { signedFetch } from 'countersign';
import { signer } from 'given';
import { unstable_cache } from 'next/cache';
import { readOrders } from '../orders.js';
const api = signedFetch(signer);
const read = async (url, init) => (await api(url, init)).json();
const ways = {
  plain: (url) => read(url),
  force: (url) => read(url, { cache: 'force-cache' }),
  revalidate: (url) => read(url, { next: { revalidate: 60 } }),
  unstable: unstable_cache((url) => read(url), ['unstable']),
  use: () => readOrders(),
};
export async function GET(request) {
  const [way, url] = new URL(request.url).searchParams.values();
  return Response.json(await ways[way](url));
}
`;

/** A backend that says how many requests it got, each signed. */
async function startBackend(): Promise<App> {
  let count = 0;
  return listening(
    createServer((request, response) => {
      if (request.headers['x-api-signature']) count += 1;
      response.setHeader('Content-Type', 'application/json').end(JSON.stringify(count));
    }),
  );
}

describeRuntime({ name: 'Next.js', needs: [installed('next/dist/bin/next')], from: byNpm }, () => {
  let project: Project;
  let backend: App;
  let app: Served;

  beforeAll(async () => {
    backend = await startBackend();
    project = await createNextProject({
      'app/layout.js': layout,
      'app/page.js': page('await connection();'),
      'app/v1/orders/route.js': orders,
      'app/local/route.js': orders.replace(/publicOrigin: .*/, ''),
      'app/calls/route.js': caller,
      'app/orders.js': reading.replaceAll(publicOrigin, backend.origin),
      'app/plain/route.js': 'export const GET = ({ url }) => Response.json([url]);\n',
      'pages/api/plain.js': "export default ({ url, headers }, response) => response.json([url, headers['x-seen']]);\n",
      'proxy.js': `
import { NextResponse } from 'next/server';
export const proxy = ({ url }) => NextResponse.next({ request: { headers: new Headers({ 'x-seen': url }) } });
export const config = { matcher: '/api/:path*' };
`,
    });
    await buildNext(project);
    app = await startNext(project);
  }, 300_000);
  afterAll(async () => {
    await app?.close();
    await backend?.close();
    project?.remove();
  });

  const receiver = (): Receiver => ({ origin: app.origin, publicOrigin, respells: true });
  describeReceiver(receiver);

  const get = (target: string, headers = {}): Promise<Answered> =>
    sendHttp1(receiver().origin, { method: 'GET', target, headers });
  const getSigned = (url: string): Promise<Answered> => {
    const { url: spelled, headers } = prepareRequest(signer, { url });
    return get(spelled.slice(new URL(spelled).origin.length), headers);
  };
  const json = async (target: string): Promise<unknown> => JSON.parse((await get(target)).bytes.toString());

  const local = (): string => app.origin.replace('127.0.0.1', 'localhost');

  describe('a query', () => {
    it.each(['?q=a%20b', '?x', '?a=(1)', '?a=1&&b', '?nxtPid=1', '?nxtIid=1'])(
      'is refused, where it is signed as %s',
      async (query) => {
        const { status, bytes } = await getSigned(`${publicOrigin}/v1/orders${query}`);
        expect([status, JSON.parse(bytes.toString()).code]).toEqual([401, 'invalid_signature']);
      },
    );

    it('is spelled anew for a route handler, the proxy and the pages API', async () => {
      const query = "?q=a%20b&x&y=it's(a)";
      const spelled = '?q=a+b&x=&y=it%27s%28a%29';
      expect(await json(`/plain${query}`)).toEqual([`${local()}/plain${spelled}`]);
      expect(await json(`/api/plain${query}`)).toEqual([`/api/plain${spelled}`, `${local()}/api/plain${spelled}`]);
      expect(formQuery(`/plain${query}`)).toBe(`/plain${spelled}`);
    });

    // Behind a gate in the proxy, whoever stands in between could take a parameter out of a signed request.
    it('can be another for the proxy than for what is behind it', async () => {
      expect(await json('/plain?nxtPid=1')).toEqual([`${local()}/plain`]);
      expect(await json('/api/plain?nxtPid=1')).toEqual(['/api/plain', `${local()}/api/plain?id=1`]);
    });
  });

  it('has to be told what callers sign, for it sees localhost', async () => {
    expect((await getSigned(`${local()}/local`)).status).toBe(200);
    for (const origin of [publicOrigin, receiver().origin]) {
      expect((await getSigned(`${origin}/local`)).status).toBe(401);
    }
  });

  describe('signed calls of the app', () => {
    const entries = (): number => {
      try {
        return readdirSync(`${project.folder}/.next/cache/fetch-cache`).length;
      } catch {
        return 0;
      }
    };
    const called = async (way: string): Promise<unknown> => json(`/calls?way=${way}&url=${backend.origin}/${way}`);

    it.each([
      ['plain', 0],
      ['force', 1],
      ['revalidate', 1],
    ])('are all made, in the way %s, and add %i entries each to the data cache', async (way, added) => {
      const [before, first] = [entries(), Number(await called(way))];
      expect([await called(way), await called(way)]).toEqual([first + 1, first + 2]);
      await expect.poll(entries).toBe(before + 3 * added);
    });

    it.each(['unstable', 'use'])('are made once, in the way %s', async (way) => {
      const first = await called(way);
      expect(first).toBeGreaterThan(0);
      expect([await called(way), await called(way)]).toEqual([first, first]);
      await called('plain');
      expect(await called(way)).toBe(first);
    });

    it('are made while a page is rendered', async () => {
      const { status, bytes } = await get('/');
      expect([status, bytes.toString()]).toEqual([200, expect.stringMatching(/<p>\d{10}<\/p>/)]);
    });

    it('fail the build in a page that does not await connection()', { timeout: 300_000 }, async () => {
      const other = await createNextProject({ 'app/layout.js': layout, 'app/page.js': page('') });
      await expect(buildNext(other).finally(other.remove)).rejects.toThrow(/Date\.now\(\).*while prerendering/);
    });
  });
});
