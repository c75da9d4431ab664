import { createServer, type ServerResponse } from 'node:http';
import {
  createSecureServer as createHttp2SecureServer,
  createServer as createHttp2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import { type NodeRequest, type NodeResponse, protect, requireScope } from 'countersign/node';
import { type Adapter, type AppOptions, answerOf, bytesOf, listening, modified, varied } from './adapter.ts';
import { selfSigned } from './certificate.ts';
import { connectPlain, connectTls, sendHttp1, sendHttp2, sendHttp2Tls, sendTls } from './wire.ts';

/** Below `/scoped`. */
const scoped = requireScope('orders:write', (_: NodeRequest, response: NodeResponse) => {
  (response as ServerResponse).end('allowed');
});

const gate = ({ verifier, ...options }: AppOptions) =>
  protect(
    verifier,
    async (request, response, caller) => {
      if (request.url === '/scoped') return scoped(request, response, caller);
      const told = JSON.stringify(answerOf(caller, await bytesOf(request)));
      const fields = { 'Content-Type': 'application/json', Vary: varied, ...modified };
      response.writeHead(200, Object.entries(fields).flat()).end(told);
    },
    options,
  );

const http2Gate = ({ verifier, ...options }: AppOptions) =>
  protect<Http2ServerRequest, Http2ServerResponse>(
    verifier,
    async (request, response, caller) => {
      if (request.url === '/scoped') return scoped(request, response, caller);
      response.setHeader('Content-Type', 'application/json');
      response.setHeader('Vary', varied);
      for (const [name, value] of Object.entries(modified)) response.setHeader(name, value);
      response.end(JSON.stringify(answerOf(caller, await bytesOf(request))));
    },
    options,
  );

export const nodeApps: readonly Adapter[] = [
  {
    name: 'node:http',
    send: sendHttp1,
    connect: connectPlain,
    scoped: '/scoped',
    start: (options) => listening(createServer(gate(options))),
  },
  {
    name: 'node:http2',
    send: sendHttp2,
    scoped: '/scoped',
    start: (options) => listening(createHttp2Server(http2Gate(options))),
  },
];

/** The same over TLS. */
export const secureNodeApps: readonly Adapter[] = [
  {
    name: 'node:https',
    scoped: '/scoped',
    send: (...given) => sendTls(selfSigned().cert)(...given),
    connect: (...given) => connectTls(selfSigned().cert)(...given),
    start: (options) => listening(createHttpsServer(selfSigned(), gate(options))),
  },
  {
    name: 'node:http2 over TLS',
    scoped: '/scoped',
    send: (...given) => sendHttp2Tls(selfSigned().cert)(...given),
    start: (options) => listening(createHttp2SecureServer(selfSigned(), http2Gate(options))),
  },
];
