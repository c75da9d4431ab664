import { SignatureError } from '../../core/errors.ts';

/** A signal that aborts after a time, unless it is stopped before. */
export type TimeLimit = { readonly signal: AbortSignal; stop(): void };

/**
 * @param timeout in milliseconds.
 */
export function timeLimit(timeout: number): TimeLimit {
  const controller = new AbortController();
  const error = new SignatureError(
    'session_unavailable',
    `The issuer of sessions did not respond within ${timeout} milliseconds.`,
  );
  const timer = setTimeout(() => controller.abort(error), timeout);
  return { signal: controller.signal, stop: () => clearTimeout(timer) };
}

/** Waits for a promise, and no longer than until the signal aborts: then it rejects with the reason of the signal. */
export const untilAborted = <Result>(promise: Promise<Result>, signal: AbortSignal): Promise<Result> =>
  new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
