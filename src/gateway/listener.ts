import type { IncomingMessage, ServerResponse } from 'node:http';
import { SignatureError } from '../core/errors.ts';
import { type PlainResponse, refusalResponse } from '../server/response/refusal-response.ts';

/** What `createServer` of `node:http` and `node:https` takes. */
export type GatewayListener = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Told of what went wrong beside the verifier, and in which request. What it throws is dropped. */
export type GatewayReport = (error: SignatureError, request: IncomingMessage) => void;

/** The error of whatever was thrown. */
export const toSignatureError = (cause: unknown): SignatureError =>
  cause instanceof SignatureError
    ? cause
    : new SignatureError('internal_error', 'The gateway has failed.', 500, { cause });

/** Tells of an error. */
export function reportError(report: GatewayReport | undefined, error: SignatureError, request: IncomingMessage): void {
  try {
    report?.(error, request);
  } catch {
    // A report that fails must not decide about the request.
  }
}

/**
 * What to answer to an error that is not the verifier's.
 *
 * @param scheme by which the request is signed, as far as that is known.
 */
export const errorResponse = (error: SignatureError, scheme = 'gateway'): PlainResponse =>
  refusalResponse(error, { scheme, disclosed: true, howToSign: [], challenge: undefined });

/** How long a caller may go on sending what nobody wants, in milliseconds. */
const patience = 5000;

/**
 * Takes in what is left of a body, for a while, and keeps none of it. Were the connection closed on it, a caller that is still
 * sending would never see the answer (RFC 9112 section 9.6).
 *
 * @param then called when there is no more.
 */
export function drainBody(request: IncomingMessage, then = (): void => {}): void {
  if (request.complete || request.socket.destroyed) {
    then();
    return;
  }
  const late = setTimeout(() => request.socket.destroy(), patience);
  const done = () => {
    clearTimeout(late);
    for (const event of ['end', 'close']) request.off(event, done);
    then();
  };
  for (const event of ['end', 'close']) request.on(event, done);
  request.resume();
}
