/**
 * Reads the body of a Request or Response whole, once, and stops above the limit.
 *
 * @param limit in bytes.
 * @param signal stops the reading and cancels the stream.
 * @returns the bytes, or undefined where there are more.
 */
export async function readBody(
  source: Request | Response,
  limit: number,
  signal?: AbortSignal | null,
): Promise<Uint8Array | undefined> {
  // Firefox has no Request.body.
  const reader = source.body?.getReader();
  const chunks = reader ? [] : [new Uint8Array(await source.arrayBuffer())];
  let size = chunks[0]?.length ?? 0;
  const stop = () => reader?.cancel(signal?.reason).catch(() => {});
  signal?.addEventListener('abort', stop);
  try {
    while (reader && size <= limit) {
      const { done, value } = await reader.read();
      if (done) break;
      // A stream may hold anything, and text would be read as zeros.
      if (value?.[Symbol.toStringTag] !== 'Uint8Array') throw new TypeError('The stream holds other than bytes.');
      chunks.push(value);
      size += value.length;
    }
  } finally {
    signal?.removeEventListener('abort', stop);
    // Not awaited: one branch of a tee is only cancelled when the other is.
    stop();
  }
  return size > limit ? undefined : concatBytes(chunks);
}

/** Chunks as one; a single one is not copied. */
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
