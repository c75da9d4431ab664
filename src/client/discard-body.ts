import { refuseRedirect } from './refuse-redirect.ts';

/**
 * Drops the body of a response that nobody will read, so that its connection ends. Not awaited: cancelling one branch of a tee settles
 * only when the other is cancelled too.
 */
export function discardBody({ body }: Response): void {
  body?.cancel().catch(() => {});
}

/**
 * Returns the response unless it is a redirect, whose body it drops.
 *
 * @throws SignatureError `redirect_refused`
 */
export function discardRedirect(response: Response): Response {
  try {
    return refuseRedirect(response);
  } catch (error) {
    discardBody(response);
    throw error;
  }
}
