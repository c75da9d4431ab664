import { createServer } from 'node:http';
import { createServer as createHttp2Server, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import { protectNode } from 'countersign/node';
import { type Adapter, answerOf, bytesOf, listening, varied } from './adapter.ts';
import { sendHttp1, sendHttp2 } from './wire.ts';

export const nodeApps: readonly Adapter[] = [
  {
    name: 'node:http',
    send: sendHttp1,
    start: ({ verifier, ...options }) =>
      listening(
        createServer(
          protectNode(
            verifier,
            async (request, response, caller) => {
              const told = JSON.stringify(answerOf(caller, await bytesOf(request)));
              response.writeHead(200, ['Content-Type', 'application/json', 'Vary', varied]).end(told);
            },
            options,
          ),
        ),
      ),
  },
  {
    name: 'node:http2',
    send: sendHttp2,
    start: ({ verifier, ...options }) =>
      listening(
        createHttp2Server(
          protectNode<Http2ServerRequest, Http2ServerResponse>(
            verifier,
            async (request, response, caller) => {
              response.setHeader('Content-Type', 'application/json');
              response.setHeader('Vary', varied);
              response.end(JSON.stringify(answerOf(caller, await bytesOf(request))));
            },
            options,
          ),
        ),
      ),
  },
];
