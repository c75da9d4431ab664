import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { generateCredentials, issueSession, signUrl } from 'countersign';
import { protect, receivedFromNode } from 'countersign/node';
import { countersignV1, signedLinks } from 'countersign/schemes';
import { createVerifier, memoryKeys, memoryReplay, protect as protectWeb } from 'countersign/server';
import { EventSource, WebSocket } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const parent = generateCredentials();
const session = issueSession(parent, { expiresIn: 60, subject: 'user-7' });
const verifier = createVerifier({
  keys: memoryKeys([{ accessKey: parent.accessKey, service: 'shop', secrets: [parent] }]),
  replay: memoryReplay(),
  scheme: [countersignV1, signedLinks({ maxLifetime: 60 })],
  acceptFindings: ['no-nonce'],
});

let server: Server;
let host = '';

beforeAll(async () => {
  const handle = protect(verifier, (request, response, { principal }) => {
    const events = request.url?.startsWith('/events');
    response.setHeader('content-type', events ? 'text/event-stream' : 'text/plain');
    response.end(events ? `data: ${principal.session?.subject}\n\n` : `${request.url?.split('csign')[0]}`);
  });
  server = createServer(handle);
  server.on('upgrade', async (request, socket) => {
    const result = await verifier.verify(receivedFromNode(request));
    if (!result.ok) return socket.end('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    // RFC 6455 section 4.2.2.
    const accept = createHash('sha1')
      .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64');
    const text = Buffer.from(result.principal.session?.subject ?? '');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    return socket.write(Buffer.concat([Buffer.from([0x81, text.length]), text]));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const sign = (path: string, scheme: 'http' | 'ws' = 'http') =>
  signUrl(session, `${scheme}://${host}${path}`, { expiresIn: 30 });

describe('where no headers can be set, a link', () => {
  it('downloads, whole or in part', async () => {
    const link = await sign('/report.pdf?page=2&q=a%20b+c');
    expect(await (await fetch(link)).text()).toBe('/report.pdf?page=2&q=a%20b+c&');
    expect((await fetch(link, { method: 'HEAD' })).status).toBe(200);
    expect((await fetch(link, { headers: { range: 'bytes=0-3', 'if-range': '"a"' } })).status).toBe(200);
    const refused = await fetch(link.replace('page=2', 'page=3'));
    expect([refused.status, (await refused.json()).code]).toEqual([401, 'invalid_signature']);
  });

  it('opens an event stream', async () => {
    const stream = new EventSource(await sign('/events'));
    const [message] = await once(stream, 'message');
    stream.close();
    expect(message.data).toBe('user-7');
  });

  it('opens a WebSocket', async () => {
    const socket = new WebSocket(await sign('/live?room=1', 'ws'));
    const [message] = await once(socket, 'message');
    socket.close();
    expect(message.data).toBe('user-7');
    const forged = new WebSocket((await sign('/live?room=1', 'ws')).replace('room=1', 'room=2'));
    const [failed] = await once(forged, 'error');
    expect(failed.type).toBe('error');
  });

  it('is taken by a server of Requests', async () => {
    const handler = protectWeb(verifier, (_, { principal }) => new Response(principal.session?.subject));
    const link = await signUrl(session, 'https://api.example.com/a', { expiresIn: 30 });
    expect(await (await handler(new Request(link))).text()).toBe('user-7');
    expect((await handler(new Request(`${link}&fbclid=1`))).status).toBe(400);
  });

  it('gets no countersigned response: a route that must countersign refuses it before it is spent', async () => {
    const handler = protectWeb(verifier, () => new Response('ok'), { countersign: 'always' });
    const link = await signUrl(session, 'https://api.example.com/a', { expiresIn: 30, once: true });
    expect((await handler(new Request(link))).status).toBe(500);
    expect((await verifier.verify(new Request(link))).ok).toBe(true);
  });
});
