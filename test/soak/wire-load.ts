import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** What is sent, and who is told of the answers. */
export type Load = {
  /** How many are open, each with one request at a time. */
  readonly connections: number;
  /** The next request as bytes; undefined ends the connection that asks. */
  next(): Buffer | undefined;
  answered(request: Buffer, status: number, nanoseconds: number): void;
};

/**
 * Sends requests that are bytes already over connections that are kept. It does little more than read and write sockets, so
 * that what is measured is the server.
 *
 * @returns how long it took from the first byte sent to the last received, in seconds.
 */
export async function load(port: number, { connections, next, answered }: Load): Promise<number> {
  const sockets = await Promise.all(Array.from({ length: connections }, () => connected(port)));
  const begun = process.hrtime.bigint();
  await Promise.all(sockets.map((socket) => exchange(socket, next, answered)));
  return Number(process.hrtime.bigint() - begun) / 1e9;
}

async function connected(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  return socket;
}

function exchange(socket: Socket, next: Load['next'], answered: Load['answered']): Promise<void> {
  return new Promise((resolve, reject) => {
    let held: Buffer = Buffer.alloc(0);
    let request: Buffer | undefined;
    let begun = 0n;
    const send = () => {
      request = next();
      begun = process.hrtime.bigint();
      if (request) socket.write(request);
      else socket.end(resolve);
    };
    socket.on('data', (chunk) => {
      held = held.length ? Buffer.concat([held, chunk]) : chunk;
      if (!request || held.length < lengthOf(held)) return;
      answered(request, Number(held.toString('latin1', 9, 12)), Number(process.hrtime.bigint() - begun));
      held = Buffer.alloc(0);
      send();
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('The server closed a connection.')));
    send();
  });
}

/** How long an answer is, of which there is at least the beginning. */
function lengthOf(answer: Buffer): number {
  const end = answer.indexOf('\r\n\r\n');
  if (end < 0) return Infinity;
  const [, length] = /\r\ncontent-length: (\d+)/i.exec(answer.toString('latin1', 0, end)) ?? [];
  if (length === undefined) throw new Error('The server sends answers without a Content-Length.');
  return end + 4 + Number(length);
}
