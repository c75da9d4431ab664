import type { IncomingMessage } from 'node:http';

/** The body as a stream which, once it has been read to its end, puts back what it read, so that others find it untouched. */
export function streamOf(request: IncomingMessage): ReadableStream<Uint8Array> {
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
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        let chunk = whole ? null : take();
        while (!chunk && !whole) {
          await changeOf(request);
          chunk = take();
        }
        if (chunk) controller.enqueue(chunk);
        else controller.close();
      },
    },
    // Nothing is read before somebody asks.
    { highWaterMark: 0 },
  );
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
