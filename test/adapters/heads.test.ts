import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createSigner, generateCredentials, prepareRequest } from 'countersign';
import { type NodeGateOptions, protect } from 'countersign/node';
import { createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
import { afterEach, describe, expect, it } from 'vitest';
import { type App, bytesOf, listening } from './adapter.ts';

const page = 'https://app.example.com';
const { accessKey, secret } = generateCredentials();
const signer = createSigner({ accessKey, secret });
const verifier = createVerifier({
  keys: memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }]),
  replay: memoryReplay(),
});

const opened: App[] = [];
afterEach(async () => {
  for (const app of opened.splice(0)) await app.close();
});

/** What comes of an answer that `handle` writes. */
async function answered(options: NodeGateOptions, handle: (response: ServerResponse) => unknown) {
  const app = await listening(createServer(protect(verifier, (_, response) => void handle(response), options)));
  opened.push(app);
  const headers = { ...prepareRequest(signer, { url: `${app.origin}/` }).headers, Origin: page };
  const message = await new Promise<IncomingMessage>((resolve, reject) => {
    request(`${app.origin}/`, { headers, agent: false }, resolve).on('error', reject).end();
  });
  const body = (await bytesOf(message)).toString();
  const { statusCode, statusMessage, headers: fields } = message;
  return { status: `${statusCode} ${statusMessage}`, fields, body };
}

describe.each<[string, NodeGateOptions]>([
  ['for pages of other origins', { cors: { origins: [page] } }],
  ['countersigned', { countersign: 'always' }],
  ['countersigned, for pages of other origins', { countersign: 'always', cors: { origins: [page] } }],
])('an answer %s', (_, options) => {
  it.each<[string, (response: ServerResponse) => unknown]>([
    [
      'names and values in turn',
      (response) => response.writeHead(201, 'Made', ['Set-Cookie', 'a=1', 'set-cookie', 'b=2', 'X-A', '1']),
    ],
    ['a record', (response) => response.writeHead(201, 'Made', { 'Set-Cookie': ['a=1', 'b=2'], 'X-A': 1 })],
    [
      'setters',
      (response) =>
        Object.assign(response, { statusCode: 201, statusMessage: 'Made' })
          .setHeader('Set-Cookie', ['a=1', 'b=2'])
          .setHeader('X-A', 1),
    ],
    [
      'setters, and a head that changes what they have set',
      (response) =>
        response
          .setHeader('Set-Cookie', 'c=3')
          .setHeader('X-A', 2)
          .writeHead(201, 'Made', ['set-cookie', 'a=1', 'set-cookie', 'b=2', 'x-a', '1']),
    ],
  ])('keeps the head that is given by %s', async (_name, write) => {
    const { status, fields, body } = await answered(options, (response) => {
      write(response);
      response.write('a');
      response.end('b');
    });
    expect([status, fields['set-cookie'], fields['x-a'], body]).toEqual(['201 Made', ['a=1', 'b=2'], '1', 'ab']);
    expect([fields['access-control-allow-origin'], fields.vary]).toEqual(
      options.cors ? [page, 'Origin'] : [undefined, undefined],
    );
    expect('x-api-signature' in fields).toBe(options.countersign === 'always');
  });

  it('is whole where its head is sent before its body', async () => {
    const { fields, body } = await answered(options, (response) => {
      response.setHeader('Vary', 'Accept');
      response.flushHeaders();
      setTimeout(() => response.end('late'), 10);
    });
    expect([body, fields.vary]).toEqual(['late', options.cors ? 'Accept, Origin' : 'Accept']);
  });

  it('has one head', async () => {
    let thrown: unknown;
    const { status } = await answered({ cors: options.cors ?? { origins: [page] } }, (response) => {
      response.writeHead(200);
      try {
        response.writeHead(500);
      } catch (error) {
        thrown = error;
      }
      response.end();
    });
    expect([status, (thrown as { code?: unknown }).code]).toEqual(['200 OK', 'ERR_HTTP_HEADERS_SENT']);
  });
});

describe.each<[string, NodeGateOptions]>([
  ['countersigned', { countersign: 'always' }],
  ['countersigned, for pages of other origins', { countersign: 'always', cors: { origins: [page] } }],
])('an answer %s', (_, options) => {
  it.each<[string, (response: ServerResponse) => unknown]>([
    ['a reason phrase', (response) => Object.assign(response, { statusMessage: 'no\r\nX-A: 1' })],
    ['a status', (response) => Object.assign(response, { statusCode: 1000, statusMessage: 'no\x01' })],
  ])('is 500 where Node cannot write it for %s', async (_name, write) => {
    const { status, fields, body } = await answered(options, (response) => {
      write(response);
      response.end('ab');
    });
    expect([status, fields['x-a'], body]).toEqual(['500 Internal Server Error', undefined, '']);
  });
});
