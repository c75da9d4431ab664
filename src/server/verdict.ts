import type { SignatureError } from '../core/errors.ts';
import type { UnreadBody } from './body-step.ts';
import type { Principal } from './contracts.ts';
import type { Reply } from './reply.ts';

/** A request that is fresh, unseen, whole and signed by the principal. */
export type Verified<Received> = {
  readonly ok: true;
  readonly principal: Principal;
  /** The name of the scheme by which the request is signed. */
  readonly scheme: string;
  /** When the secret that signed stops verifying, where another takes its place; in milliseconds since the epoch. */
  readonly retiresAt?: number;
  /** The request, with a body that can be read. */
  readonly request: Received;
  /** The bytes of the body that were verified; undefined where there is none, or it is not signed, or was left unread. */
  readonly body: Uint8Array | undefined;
  /** What the body must be, where it was left unread as `VerifyContext.body` asked: nothing has checked it. */
  readonly unread?: UnreadBody;
  /** To be added to the answer: when the secret retires, and what is left of the key's budget, where that is known. */
  readonly headers: Readonly<Record<string, string>>;
  /** Signs the answer to this request with the caller's secret, so that the caller knows whose it is. */
  countersign(response: Response): Promise<Response>;
};

/** A request that is not to be served, and why. */
export type Refused = {
  readonly ok: false;
  /** The precise reason: for logs, not for the caller. */
  readonly error: SignatureError;
  /** What to answer: as precise as the caller may know. */
  readonly reply: Reply;
};
