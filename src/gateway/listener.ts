import type { IncomingMessage, ServerResponse } from 'node:http';
import { SignatureError } from '../core/errors.ts';
import { ignoreFailure } from '../core/ignore-failure.ts';

/** A listener for `createServer` of `node:http` and `node:https`. */
export type GatewayListener = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Called with an error that occurred outside the verifier, and its request. Exceptions are ignored. */
export type GatewayReport = (error: SignatureError, request: IncomingMessage) => void;

/** Converts any thrown value to a SignatureError. */
export const toSignatureError = (cause: unknown): SignatureError =>
  cause instanceof SignatureError
    ? cause
    : new SignatureError('internal_error', 'The gateway has failed.', 500, { cause });

/** Calls `report`, if given. */
export function reportError(report: GatewayReport | undefined, error: SignatureError, request: IncomingMessage): void {
  // A failing report must not affect the request.
  ignoreFailure(() => report?.(error, request));
}

/** How long a caller may continue to send an unwanted body, in milliseconds. */
const drainTimeout = 5000;

/**
 * Reads and discards the rest of a body, for a limited time. If the connection were closed instead, a caller that is still
 * sending would not see the response (RFC 9112 section 9.6).
 *
 * @param then called when the body has ended.
 */
export function drainBody(request: IncomingMessage, then = (): void => {}): void {
  if (request.complete || request.socket.destroyed) {
    then();
    return;
  }
  const late = setTimeout(() => request.socket.destroy(), drainTimeout);
  const done = () => {
    clearTimeout(late);
    for (const event of ['end', 'close']) request.off(event, done);
    then();
  };
  for (const event of ['end', 'close']) request.on(event, done);
  request.resume();
}
