import type { IncomingMessage, ServerResponse } from 'node:http';
import { SignatureError } from '../core/errors.ts';
import { type Reply, replyTo } from '../server/reply.ts';

/** What `createServer` of `node:http` and `node:https` takes. */
export type GatewayListener = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Told of what no verifier was asked about, or was not at fault for. What it throws is dropped. */
export type GatewayReport = (error: SignatureError) => void;

/** The error of whatever was thrown. */
export const errorFrom = (cause: unknown): SignatureError =>
  cause instanceof SignatureError
    ? cause
    : new SignatureError('internal_error', 'The gateway has failed.', 500, { cause });

/** Tells of an error, and what to answer. */
export function replyOnError(error: SignatureError, report: GatewayReport | undefined): Reply {
  try {
    report?.(error);
  } catch {
    // A report that fails must not decide about the request.
  }
  return replyTo(error, { scheme: 'gateway', disclosed: true, howToSign: [], challenge: undefined });
}
