/**
 * Calls a function of the caller's whose failure must not matter. A function that may return nothing may also be an async one, whose
 * rejection nobody else handles: in Node.js it would end the process.
 */
export function ignoreFailure(call: () => unknown): void {
  (async () => call())().catch(() => undefined);
}
