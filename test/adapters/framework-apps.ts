import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import { serve } from '@hono/node-server';
import {
  callerOf as callerInExpress,
  protect as expressGate,
  requireScope as requireExpressScope,
} from 'countersign/express';
import {
  callerOf as callerInFastify,
  protect as fastifyGate,
  requireScope as requireFastifyScope,
} from 'countersign/fastify';
import { protect as honoGate, requireScope as requireHonoScope, type SignedEnv } from 'countersign/hono';
import { admitNode, callerOf as callerInNode } from 'countersign/node';
import { type Caller, type ProtectedHandler, protect, requireScope } from 'countersign/server';
import express5, { type RequestHandler } from 'express';
import Fastify from 'fastify';
import { defineMiddleware, H3, serve as serveH3, toResponse } from 'h3';
import { Hono } from 'hono';
import Koa from 'koa';
import { serve as serveSrvx } from 'srvx';
import { type Adapter, type App, type AppOptions, answerOf, bytesOf, listening, modified, varied } from './adapter.ts';
import { connectPlain, sendHttp1 } from './wire.ts';

// It comes without types, and what is used here of 5 is the same.
const express4 = createRequire(import.meta.url)('express4') as typeof express5;

/** Parsers after the gate, and the gate itself on the app and on a router that is mounted in it. */
function expressApp(express: typeof express5, { verifier, ...options }: AppOptions): Promise<App> {
  const answer: RequestHandler = (request, response) => {
    const read = Buffer.isBuffer(request.body) ? request.body : new Uint8Array();
    response.set({ Vary: varied, ...modified }).json(answerOf(callerInExpress(request), read));
  };
  const app = express();
  const router = express.Router();
  router.use(expressGate(verifier, options), express.raw({ type: () => true, limit: '2mb' }), answer);
  app.use('/mounted', router);
  app.use(expressGate(verifier, options), express.raw({ type: () => true, limit: '2mb' }));
  app.use('/scoped', requireExpressScope('orders:write'));
  app.use('/failing', () => {
    throw failure;
  });
  app.use(answer);
  return listening(createServer(app));
}

// Express prints what has a stack.
const failure = Object.assign(new Error('The handler has failed.'), { stack: '' });

/** Web handlers on a server of Node's. */
const served = (fetch: Parameters<typeof serve>[0]['fetch']): Promise<App> =>
  new Promise((resolve) => {
    const server = serve({ fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) =>
      resolve({
        origin: `http://127.0.0.1:${port}`,
        close: async () => {
          (server as Server).closeAllConnections();
          server.close();
        },
      }),
    );
  });

const srvxOptions = { port: 0, hostname: '127.0.0.1', silent: true } as const;

async function srvxApp(server: ReturnType<typeof serveSrvx>): Promise<App> {
  await server.ready();
  return { origin: new URL(server.url ?? '').origin, close: async () => void (await server.close(true)) };
}

const plain = { send: sendHttp1, connect: connectPlain };
const routes = { ...plain, mount: '/mounted', scoped: '/scoped', failing: '/failing' };

type Handle = (request: Request, peer: string | undefined) => Promise<Response>;

/** A handler without a framework, on this server. */
function protecting(name: string, start: (handle: Handle) => Promise<App>): Adapter {
  return {
    ...plain,
    name,
    web: true,
    scoped: '/scoped',
    start({ verifier, ...options }) {
      const scoped = requireScope('orders:write', () => new Response('allowed'));
      const peers = new WeakMap<Request, string | undefined>();
      const gate = protect(
        verifier,
        async (request, caller) => {
          if (new URL(request.url).pathname === '/scoped') return scoped(request, caller);
          const told = answerOf(caller, new Uint8Array(await request.arrayBuffer()));
          return Response.json(told, { headers: { vary: varied, ...modified } });
        },
        { ...options, address: (request) => peers.get(request) },
      );
      return start((request, peer) => {
        peers.set(request, peer);
        return gate(request);
      });
    },
  };
}

export const frameworkApps: readonly Adapter[] = [
  { ...routes, name: 'express 5', start: (options) => expressApp(express5, options) },
  { ...routes, name: 'express 4', start: (options) => expressApp(express4, options) },
  {
    ...routes,
    name: 'fastify',
    decodes: true,
    async start({ verifier, ...options }) {
      const app = Fastify({ bodyLimit: 2 ** 22, routerOptions: { ignoreDuplicateSlashes: false } });
      app.removeAllContentTypeParsers();
      app.addContentTypeParser('*', (_, payload, done) => {
        bytesOf(payload).then((bytes) => done(null, bytes), done);
      });
      app.register(fastifyGate(verifier, options));
      app.get('/scoped', { preHandler: requireFastifyScope('orders:write') }, () => 'allowed');
      app.get('/failing', () => {
        throw failure;
      });
      app.setNotFoundHandler(async (request, reply) =>
        reply
          .code(200)
          .headers({ vary: varied, ...modified })
          .send(answerOf(callerInFastify(request), Buffer.isBuffer(request.body) ? request.body : new Uint8Array())),
      );
      await app.ready();
      await app.listen({ port: 0, host: '127.0.0.1' });
      return {
        origin: app.listeningOrigin,
        async close() {
          app.server.closeAllConnections();
          await app.close();
        },
      };
    },
  },
  {
    ...plain,
    name: 'koa',
    gatePerRequest: true,
    start({ verifier, ...options }) {
      const app = new Koa();
      app.silent = true;
      app.use(async (context, next) => {
        const { req: request, res: response } = context;
        if (await admitNode(verifier, { request, response }, options)) await next();
        else context.respond = false;
      });
      app.use(async (context) => {
        context.set({ Vary: varied, ...modified });
        context.body = answerOf(callerInNode(context.req), await bytesOf(context.req));
      });
      return listening(createServer(app.callback()));
    },
  },
  {
    ...routes,
    name: 'hono',
    web: true,
    async start({ verifier, ...options }) {
      const app = new Hono<SignedEnv>();
      app.use(honoGate(verifier, { ...options, address: (c) => c.env.incoming.socket.remoteAddress }));
      app.use('/scoped', requireHonoScope('orders:write'));
      app.get('/failing', () => {
        throw failure;
      });
      app.onError((_, c) => c.text('failed', 500));
      app.all('*', async (c) =>
        c.json(answerOf(c.var.caller, new Uint8Array(await c.req.arrayBuffer())), 200, { vary: varied, ...modified }),
      );
      const outer = new Hono().route('/', app);
      return served(outer.fetch);
    },
  },
  {
    ...plain,
    name: 'h3',
    web: true,
    decodes: true,
    gatePerRequest: true,
    async start({ verifier, ...options }) {
      const app = new H3({ silent: true });
      app.use(
        defineMiddleware((event, next) => {
          const pass: ProtectedHandler = async (_, caller) => {
            event.context.caller = caller;
            return toResponse(await next(), event);
          };
          return protect(verifier, pass, { ...options, address: () => event.req.ip })(event.req.clone());
        }),
      );
      app.all('/**', async ({ req, context }) => {
        const told = answerOf(context.caller as Caller, new Uint8Array(await req.arrayBuffer()));
        return Response.json(told, { headers: { vary: varied, ...modified } });
      });
      return srvxApp(serveH3(app, srvxOptions));
    },
  },
  protecting('protect', (handle) => served((request, { incoming }) => handle(request, incoming.socket.remoteAddress))),
  // Its requests are of a class of its own, which the platform's Request does not take.
  protecting('protect on srvx', (handle) =>
    srvxApp(serveSrvx({ ...srvxOptions, fetch: (request) => handle(request, request.ip) })),
  ),
];
