import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { arrayBuffer } from 'node:stream/consumers';
import { createKitServer, type KitCredentials, type KitServer } from 'countersign/kit';
import { receivedFromNode } from 'countersign/node';

/** A request as it was received, and the status of the response. */
export type Recorded = {
  readonly line: string;
  readonly status: number;
  readonly type: string;
  readonly body: string;
};

/** A kit server on the loopback that remembers requests. */
export type RecordingServer = {
  readonly origin: string;
  /** What was received since the last call. */
  take(): readonly Recorded[];
  readonly scenarios: KitServer['scenarios'];
  close(): void;
};

/** Starts a kit server on a free port. */
export async function startRecordingServer(credentials: KitCredentials): Promise<RecordingServer> {
  const server = createKitServer({ credentials });
  let recorded: readonly Recorded[] = [];
  const listening = createServer(async (request, response) => {
    const body = new Uint8Array(await arrayBuffer(request));
    const made = await server.handle(receivedFromNode(request, { body }));
    const type = request.headers['content-type'] ?? '';
    const line = `${request.method} ${request.url}`;
    recorded = [...recorded, { line, status: made.status, type, body: `${Buffer.from(body)}` }];
    response.writeHead(made.status, [...made.headers].flat());
    response.end(new Uint8Array(await made.arrayBuffer()));
  });
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(listening.address() as AddressInfo).port}`,
    take() {
      const taken = recorded;
      recorded = [];
      return taken;
    },
    scenarios: server.scenarios,
    close: () => void listening.close(),
  };
}
