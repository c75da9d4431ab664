import { fileURLToPath } from 'node:url';
import { SignatureError } from '../../src/core/errors.ts';
import type { ReplayNamespace } from '../../src/durable-object.ts';
import type { ReplayClaim } from '../../src/server/contracts.ts';
import type { ClaimOrder } from './durable-object-worker.ts';

/** The Worker under test. */
export const worker = {
  entry: fileURLToPath(new URL('durable-object-worker.ts', import.meta.url)),
  classes: { NONCES: 'Nonces', FEW: 'Few', FORTY: 'Forty', ODD: 'Odd', OLD: 'Old', SILENT: 'Silent' },
  old: ['Old'],
} as const;

type Replay = { claim(accessKey: string, nonce: string, expiresAt: number): Promise<ReplayClaim> };
type Access = { readonly binding?: string; readonly options?: ClaimOrder['options']; readonly clock?: () => number };

/** `durableObjectReplay` in the Worker at a URL. */
export const replayAt = (url: string, { binding = 'NONCES', options, clock }: Access = {}): Replay => ({
  async claim(accessKey, nonce, expiresAt) {
    const order: ClaimOrder = {
      accessKey,
      nonce,
      expiresAt: String(expiresAt),
      ...(clock && { now: String(clock()) }),
      ...(options && { options }),
    };
    const answer = await fetch(`${url}/claim/${binding}`, { method: 'POST', body: JSON.stringify(order) });
    const { claim, code, status, message, cause } = await answer.json();
    if (code) throw new SignatureError(code, message, status, { cause });
    return claim;
  },
});

/** The objects of the Worker at a URL, for a `durableObjectReplay` outside of it, which lives on when it dies. */
export const objectsAt = (url: string): ReplayNamespace => ({
  idFromName: (name) => name,
  get: (name) => ({ fetch: (_, init) => fetch(`${url}/object/NONCES/${name}/claim`, init) }),
});

/** Tells an object what to do; how many claims wait there. */
export async function tell(
  url: string,
  command: string,
  { binding = 'NONCES', name = 'countersign-0' } = {},
): Promise<string> {
  return (await fetch(`${url}/object/${binding}/${name}/${command}`, { method: 'POST' })).text();
}
