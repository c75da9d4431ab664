import type { IncomingMessage } from 'node:http';

/** The chunks of a body which, once they have been read to the end, are put back, so that others find it untouched. */
export async function* readChunks(request: IncomingMessage): AsyncGenerator<Uint8Array, void, void> {
  const chunks: Uint8Array[] = [];
  let whole = false;
  // Not to be interrupted: in the turn after the one in which its last bytes are read, a stream ends, and takes nothing back.
  const take = (): Uint8Array | null => {
    const chunk: Uint8Array | null = isDrained(request) ? null : request.read();
    if (chunk) chunks.push(chunk);
    whole = isDrained(request);
    if (whole) for (const one of [...chunks].reverse()) request.unshift(one);
    return chunk;
  };
  // Node is still at the packet that the headers came in, and most bodies are in there too: so no event has to tell of them.
  await undefined;
  while (!whole) {
    const chunk = take();
    if (chunk) yield chunk;
    else if (!whole) await changeOf(request);
  }
}

/** Whether all of it has been received and read. Node says so nowhere else before the event `end`, which is too late. */
const isDrained = (request: IncomingMessage): boolean =>
  request.readableLength === 0 &&
  (request as unknown as { readonly _readableState: { readonly ended: boolean } })._readableState.ended;

const changes = ['readable', 'end', 'close', 'error'] as const;

/** When there is more to read, or nothing any more. */
async function changeOf(request: IncomingMessage): Promise<void> {
  const gone = () => request.destroyed || request.aborted;
  if (!gone()) {
    await new Promise<void>((resolve) => {
      const done = () => {
        for (const name of changes) request.off(name, done);
        resolve();
      };
      for (const name of changes) request.on(name, done);
    });
  }
  if (gone()) throw new Error('The connection was closed.');
}
