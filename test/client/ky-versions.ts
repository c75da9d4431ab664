import type { Signer } from 'countersign';
import { signingHooks } from 'countersign/ky';
import ky, { type KyInstance } from 'ky';
import ky1 from 'ky1';
import type { Exchange } from '../server-bridge.ts';

export type Version = {
  readonly name: string;
  /** With signing hooks, all paths below `/v1`. */
  api(signer: Signer, origin: string): KyInstance;
  readonly unsigned: KyInstance;
};

export const retry = { limit: 2, delay: () => 1 };

/**
 * Both versions of ky, as far as they are alike. Each is created with its own types, which is the proof that both accept
 * the hooks.
 */
export const versions: readonly Version[] = [
  {
    name: 'ky 1',
    api: (signer, origin) =>
      ky1.create({ prefixUrl: `${origin}/v1`, hooks: signingHooks(signer), retry }) as unknown as KyInstance,
    unsigned: ky1 as unknown as KyInstance,
  },
  {
    name: 'ky 2',
    api: (signer, origin) => ky.create({ prefix: `${origin}/v1`, hooks: signingHooks(signer), retry }),
    unsigned: ky,
  },
];

/** Answers 503 to the first requests, whether they verified or not. */
export function busy(times: number): (exchange: Exchange) => Response | undefined {
  let left = times;
  return () => (left-- > 0 ? new Response('busy', { status: 503 }) : undefined);
}

/** What any hook is called with, in either version. */
export type HookInput = Request | { readonly request: Request };

export const requestOf = (input: HookInput): Request => ('request' in input ? input.request : input);
