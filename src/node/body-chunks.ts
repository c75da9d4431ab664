import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';

/** Yields the chunks of a body. After the last one, all chunks are put back, so that other readers find the body untouched. */
export async function* readChunks(request: IncomingMessage): AsyncGenerator<Uint8Array, void, void> {
  const chunks: Uint8Array[] = [];
  let whole = false;
  // Keep this synchronous. One tick after the last byte is read the stream emits `end`, and `unshift()` is no longer allowed.
  const take = (): Uint8Array | null => {
    const chunk: Uint8Array | null = isDrained(request) ? null : request.read();
    if (chunk) chunks.push(chunk);
    whole = isDrained(request);
    if (whole) for (const one of [...chunks].reverse()) request.unshift(one);
    return chunk;
  };
  // Most bodies arrive in the same packet as the headers, which Node is still processing: one microtask later it can be read without an event.
  await undefined;
  while (!whole) {
    const chunk = take();
    if (chunk) yield chunk;
    else if (!whole) await changeOf(request);
  }
}

/** True if the whole body has been received and read. The only public sign is the event `end`, which is too late. */
const isDrained = (request: IncomingMessage): boolean =>
  request.readableLength === 0 &&
  (request as unknown as { readonly _readableState: { readonly ended: boolean } })._readableState.ended;

const changes = ['readable', 'end', 'close', 'error'] as const;

/** Resolves when there is more to read, or the body has ended. */
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

/**
 * Makes a request readable for what comes after an asynchronous gate. Some libraries of serverless functions mark the request as
 * read as soon as the app returns, and body parsers then skip it.
 */
export function keepReadable(request: Readable): void {
  if (!request.readable && !request.readableEnded && !request.destroyed) request.readable = true;
}
