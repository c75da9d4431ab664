import { createConnection, createServer } from 'node:net';

/**
 * A port of 127.0.0.1 that nobody listens on. It is below those that the system gives to connections, of which some other test
 * would take one before the server that is to have it has started. A cluster node also listens on its port + 10000.
 */
export async function freePort(): Promise<number> {
  const port = 11_000 + Math.floor(Math.random() * 10_000);
  return (await isFree(port)) ? port : freePort();
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });

/** Waits until somebody listens on a port. */
export async function reachable(port: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = createConnection({ port, host: '127.0.0.1' }, () => socket.end(() => resolve(true)));
      socket.once('error', () => resolve(false));
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`Nothing answers on port ${port}.`);
}
