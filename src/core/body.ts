/**
 * Reads the body of a Request or Response whole, once, and stops above the limit.
 *
 * @param limit in bytes.
 * @returns the bytes, or undefined where there are more.
 */
export async function readBody(source: Request | Response, limit: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Firefox has no Request.body.
  const reader = source.body?.getReader();
  if (!reader) chunks.push(new Uint8Array(await source.arrayBuffer()));
  for (let part = await reader?.read(); part?.value && size <= limit; part = await reader?.read()) {
    chunks.push(part.value);
    size += part.value.length;
  }
  if (size > limit) await reader?.cancel();
  const bytes = joined(chunks);
  return bytes.length > limit ? undefined : bytes;
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
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
