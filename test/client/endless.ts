/** A response whose body never ends. */
export function endless(ended: () => void, init: ResponseInit): Response {
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(1024)),
    cancel: ended,
  });
  return new Response(body, init);
}
