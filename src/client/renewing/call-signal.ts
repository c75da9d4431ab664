import type { Fetch } from '../fetch.ts';

/** Adds a signal to the arguments of `fetch`, which aborts when `own` aborts or the signal of the caller does. */
export function withSignal(own: AbortController, [input, init]: Parameters<Fetch>): Parameters<Fetch> {
  // Null detaches a call from the signal of its Request.
  const { signal: given = (input as Partial<Request>).signal } = init ?? {};
  const signal = given ? either(own, given) : own.signal;
  // The properties of a Request are getters, which a spread does not copy.
  return init && 'clone' in init ? [new Request(input, init), { signal }] : [input, { ...init, signal }];
}

function either(own: AbortController, given: AbortSignal): AbortSignal {
  // A signal may outlive many calls, and then collects no listeners.
  if (AbortSignal.any) return AbortSignal.any([given, own.signal]);
  // Browsers before 2024, and React Native.
  const abort = () => own.abort(given.reason);
  if (given.aborted) abort();
  given.addEventListener('abort', abort);
  return own.signal;
}
