import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { protect } from 'countersign/node';
import { createVerifier, memoryKeys, memoryReplay } from 'countersign/server';

export const accessKey = 'partner-1';
export const secret = 'a secret that both sides know';

/** A real server, which tells what it has verified. */
export async function startServer(): Promise<{ readonly origin: string; close(): void }> {
  const verifier = createVerifier({
    keys: memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }]),
    replay: memoryReplay(),
  });
  const server = createServer(
    protect(verifier, ({ method, url }, response, { body }) => {
      response.end(JSON.stringify({ method, url, body: Buffer.from(body ?? []).toString('base64') }));
    }),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
