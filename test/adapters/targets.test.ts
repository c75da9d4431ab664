import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { serve } from '@hono/node-server';
import { generateCredentials } from 'countersign';
import { protect as expressGate } from 'countersign/express';
import { protect as fastifyGate } from 'countersign/fastify';
import { forwardAuth, reverseProxy } from 'countersign/gateway';
import { protect as honoGate } from 'countersign/hono';
import { protect as nodeGate } from 'countersign/node';
import { countersignV1 } from 'countersign/schemes';
import { createVerifier, memoryKeys, memoryReplay, protect } from 'countersign/server';
import express5 from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import { afterAll, describe, expect, it } from 'vitest';
import { normaliseTarget } from '../../src/core/address.ts';
import { bytesToSign } from '../../src/core/encoding.ts';
import { present } from '../vectors/present.ts';
import { type App, listening } from './adapter.ts';
import { nginx, startNginx } from './nginx-server.ts';

const express4 = createRequire(import.meta.url)('express4') as typeof express5;
const host = 'api.example.com';
const { accessKey, secret } = generateCredentials();
const verifier = createVerifier({
  keys: memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }]),
  replay: memoryReplay(),
});

/** Headers of a GET of this target, which no URL parser has touched. */
function signedFor(target: string): Record<string, string> {
  const message = { method: 'GET', scheme: 'http', authority: host, target, rawTarget: target, headers: new Headers() };
  const { stringToSign, headers } = countersignV1.prepare({
    message: message as typeof message & { scheme: 'http' },
    accessKey,
    time: Date.now(),
    nonce: randomBytes(16).toString('hex'),
    body: { kind: 'none' },
    signedHeaders: [],
  });
  return headers(countersignV1.createKey(secret).sign(bytesToSign(stringToSign)) as Uint8Array);
}

/** What a server serves for a target that is sent byte by byte, under the signature for another; undefined for a refusal. */
function served(port: number, target: string, signedTarget: string): Promise<string | undefined> {
  const fields = { Host: host, Connection: 'close', ...signedFor(signedTarget) };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () =>
      socket.write(Buffer.from(`GET ${target} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1')),
    );
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(/^HTTP\/1\.1 200 .*<(.*)>/s.exec(text)?.[1]));
  });
}

const decoded = (path: string): string => {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
};
const pathOf = (url = ''): string => new URL(url, `http://${host}`).pathname;

/** Routes that tell a fixed path from a parameter, as applications have them. */
function expressApp(express: typeof express5, rest: string): Promise<App> {
  const app = express();
  app.use(expressGate(verifier));
  app.get('/admin', (_, response) => void response.send('<admin>'));
  app.get('/search', ({ query, url }, response) => void response.send(`<${query.q} of ${url}>`));
  app.get('/files/admin', (_, response) => void response.send('<fixed>'));
  app.get('/files/:name', (request, response) => void response.send(`<file ${request.params.name}>`));
  app.get(rest, (request, response) => void response.send(`<rest ${decoded(request.path)}>`));
  return listening(createServer(app));
}

async function fastifyApp(): Promise<App> {
  const app = Fastify();
  app.register(fastifyGate(verifier));
  app.register(async (inner) => {
    inner.get('/admin', () => '<admin>');
    inner.get<{ Querystring: { q: string } }>('/search', ({ query, url }) => `<${query.q} of ${url}>`);
    inner.get('/files/admin', () => '<fixed>');
    inner.get<{ Params: { name: string } }>('/files/:name', ({ params }) => `<file ${params.name}>`);
    inner.get<{ Params: { '*': string } }>('/*', ({ params }) => `<rest ${params['*']}>`);
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  return { origin: app.listeningOrigin, close: () => app.close() };
}

const webServer = (fetch: Parameters<typeof serve>[0]['fetch']): Promise<App> =>
  new Promise((resolve) => {
    const server = serve({ fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) =>
      resolve({ origin: `http://127.0.0.1:${port}`, close: async () => void server.close() }),
    );
  });

function honoApp(): Promise<App> {
  const app = new Hono();
  app.use(honoGate(verifier));
  app.get('/admin', (c) => c.text('<admin>'));
  app.get('/search', (c) => c.text(`<${c.req.query('q')} of ${pathOf(c.req.url)}${new URL(c.req.url).search}>`));
  app.get('/files/admin', (c) => c.text('<fixed>'));
  app.get('/files/:name', (c) => c.text(`<file ${c.req.param('name')}>`));
  app.get('*', (c) => c.text(`<rest ${c.req.path} of ${pathOf(c.req.url)}>`));
  return webServer(app.fetch);
}

const plainBackend = () =>
  listening(createServer((request, response) => void response.end(`<${pathOf(request.url)} of ${request.url}>`)));

const closing: App[] = [];
afterAll(async () => {
  for (const app of closing) await app.close();
});
const opened = async (app: Promise<App>): Promise<App> => {
  const one = await app;
  closing.push(one);
  return one;
};

const proxied = async (backend: Promise<App>): Promise<App> => {
  const { origin: upstream } = await opened(backend);
  const listener = reverseProxy(verifier, { upstream });
  return listening(createServer(listener));
};

async function nginxWith(http: (port: number) => string): Promise<App> {
  const { port, close } = await startNginx((places) => http(places.port));
  return { origin: `http://127.0.0.1:${port}`, close };
}

/** nginx as a backend: what it takes for the path is in `$uri`. */
const nginxBackend = () =>
  nginxWith((port) => `server { listen 127.0.0.1:${port}; location / { return 200 "<$uri>"; } }`);

async function askingNginx(): Promise<App> {
  const { origin: backend } = await opened(plainBackend());
  const { origin } = await opened(listening(createServer(forwardAuth(verifier, { dialect: 'nginx' }))));
  return nginxWith(
    (port) => `server {
      listen 127.0.0.1:${port};
      location = /_ask {
        internal;
        proxy_pass ${origin};
        proxy_pass_request_body off;
        proxy_set_header X-Original-Method $request_method;
        proxy_set_header X-Original-URI $request_uri;
        proxy_set_header X-Original-Host $http_host;
        proxy_set_header X-Original-Proto $scheme;
        proxy_set_header X-Original-Address $remote_addr;
      }
      location / { auth_request /_ask; proxy_pass ${backend}; }
    }`,
  );
}

const withNginx = present(nginx, '-v');
const servers: ReadonlyArray<readonly [name: string, start: () => Promise<App>]> = [
  [
    'node:http and new URL',
    () =>
      listening(
        createServer(nodeGate(verifier, ({ url }, response) => void response.end(`<${pathOf(url)} of ${url}>`))),
      ),
  ],
  ['express 5', () => expressApp(express5, '/*rest')],
  ['express 4', () => expressApp(express4, '*')],
  ['fastify', fastifyApp],
  ['hono', honoApp],
  [
    'protect',
    () => webServer(protect(verifier, (request) => new Response(`<${pathOf(request.url)} of ${request.url}>`))),
  ],
  ['reverse proxy and new URL', () => proxied(plainBackend())],
  ...(withNginx
    ? ([
        ['reverse proxy and nginx', () => proxied(nginxBackend())],
        ['forward-auth of nginx', askingNginx],
      ] as const)
    : []),
];

const bytes = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code));
const escapeOf = (character: string) => `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
const delimiters = ['/', '.', '%', '\\', ';', '?', '#'];
const around = (text: string) => [`/files/..${text}admin`, `/files${text}admin`];

/** Each byte as it is and as an escape, and every two delimiters in any spelling. */
const table = [
  ...bytes.flatMap((byte) => [...around(byte), ...around(escapeOf(byte)), ...around(escapeOf(byte).toUpperCase())]),
  ...delimiters
    .flatMap((one) => [one, escapeOf(one)])
    .flatMap((one, _, all) => all.map((other) => one + other))
    .flatMap(around),
  ...[
    '/files/%61dmin',
    '/%61dmin',
    '/%66iles/admin',
    '/files/admin?',
    '/files/%2e%2e/admin',
    '/files/%',
    '/files/%%41',
    '/files/%%32541',
  ],
  ...['%25%27', '%%27', '%', '%25', '%%341', '%2541', 'a%20b%', 'a+b%', '%c3%a9', '%2f%61', '%zz%2B', '%&q=%25'].map(
    (query) => `/search?q=${query}`,
  ),
];

/** Each escape decoded, and what begins none left alone, as lenient servers do. */
const lenient = (text: string): string =>
  text.replace(/%([\da-f]{2})/gi, (_, two: string) => String.fromCharCode(Number.parseInt(two, 16)));

// nginx passes the target on itself, as it was sent.
const sentAsItWas = new Set(['forward-auth of nginx']);

describe('every spelling of a target that a verifier accepts', () => {
  it.each(servers)('is one path to %s', { timeout: 240_000 }, async (name, start) => {
    const { origin } = await opened(start());
    const port = Number(new URL(origin).port);
    const view = (text = '') => (sentAsItWas.has(name) ? lenient(text).replace(/\?$/, '') : text);
    const differing: string[] = [];
    let accepted = 0;
    const meant = new Map<string, string | undefined>();
    for (const target of new Set(table)) {
      const normal = normaliseTarget(target);
      if (!meant.has(normal)) meant.set(normal, await served(port, normal, normal));
      const seen = await served(port, target, normal);
      if (seen !== undefined) accepted++;
      if (seen !== undefined && view(seen) !== view(meant.get(normal))) {
        differing.push(`${JSON.stringify(target)}: ${seen} for ${meant.get(normal)}`);
      }
    }
    expect(differing).toEqual([]);
    expect(accepted).toBeGreaterThan(200);
  });

  it('is one path to URL, whatever two bytes stand in it', async () => {
    const differing: string[] = [];
    for (const delimiter of delimiters) {
      for (const pair of bytes.flatMap((byte) => [delimiter + byte, byte + delimiter]).flatMap(around)) {
        const normal = normaliseTarget(pair);
        const headers = new Headers(signedFor(normal));
        const result = await verifier.verify({ method: 'GET', authority: host, target: pair, headers });
        if (result.ok && lenient(pathOf(pair)) !== lenient(pathOf(normal))) differing.push(JSON.stringify(pair));
      }
    }
    expect(differing).toEqual([]);
  });
});
