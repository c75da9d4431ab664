/**
 * Bytes in a buffer that is not shared, as `Response` and WebCrypto take them: `Uint8Array<ArrayBuffer>` since TypeScript 5.7,
 * `Uint8Array` before. Derived from the global value, because the types of Node declare no type of that name.
 */
export type OwnBytes = ReturnType<typeof TextEncoder.prototype.encode>;

/** True for bytes of any realm: the `Uint8Array` of a document in tests is not the one of the platform. */
export const isBytes = (value: unknown): value is Uint8Array =>
  (value as Partial<Uint8Array> | null | undefined)?.[Symbol.toStringTag] === 'Uint8Array';

/**
 * Reads the whole body of a Request or Response once. Stops as soon as it exceeds the limit.
 *
 * @param limit in bytes.
 * @param signal aborts reading and cancels the stream.
 * @returns the bytes, or undefined if the body exceeds the limit.
 */
export async function readBody(
  source: Request | Response,
  limit: number,
  signal?: AbortSignal | null,
): Promise<Uint8Array | undefined> {
  // Firefox has no `Request.body`.
  const reader = source.body?.getReader();
  const chunks = reader ? [] : [new Uint8Array(await source.arrayBuffer())];
  let size = chunks[0]?.length ?? 0;
  const stop = () => reader?.cancel(signal?.reason).catch(() => {});
  signal?.addEventListener('abort', stop);
  try {
    while (reader && size <= limit) {
      const { done, value } = await reader.read();
      if (done) break;
      // A stream may yield any type, and `Uint8Array.set` would turn text into zeros.
      if (value?.[Symbol.toStringTag] !== 'Uint8Array') throw new TypeError('The stream must yield Uint8Arrays.');
      chunks.push(value);
      size += value.length;
    }
  } finally {
    signal?.removeEventListener('abort', stop);
    // Not awaited: cancelling one branch of a tee settles only when the other branch is cancelled too.
    stop();
  }
  return size > limit ? undefined : concatBytes(chunks);
}

/** Concatenates chunks; a single chunk is returned without a copy. */
export function concatBytes(chunks: readonly Uint8Array[]): Uint8Array {
  const [first, second] = chunks;
  if (first && !second) return first;
  const bytes = new Uint8Array(chunks.reduce((size, chunk) => size + chunk.length, 0));
  let end = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, end);
    end += chunk.length;
  }
  return bytes;
}
