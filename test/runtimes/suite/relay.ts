import type { Receipt } from '../server/receipt.ts';
import { type Check, type Context, equal } from './check.ts';
import { base64Of, headerOf, waysFor } from './client.ts';

/** Signs a request that came from outside, whose headers cannot be set, and sends it on to the server that verifies. */
export function relay(context: Context, request: Request): Promise<Response> {
  const ways = waysFor(context);
  return request.url.includes('signedFetch') ? ways.signedFetch(request) : ways.sign(request);
}

/** What a runtime has to be sent from outside, each to be answered by {@link relay}. */
export const toRelay: ReadonlyArray<readonly [path: string, init: RequestInit]> = [
  ['/relay/sign', { headers: { 'x-tag': 'kept' } }],
  ['/relay/sign', { method: 'POST', body: 'relayed', headers: { 'x-tag': 'kept' } }],
  ['/relay/signedFetch', { headers: { 'x-tag': 'kept' } }],
  ['/relay/signedFetch', { method: 'POST', body: 'relayed', headers: { 'x-tag': 'kept' } }],
];

export const relayChecks: readonly Check[] = [
  {
    name: 'a request that came from outside is signed and sent on, with its body and headers',
    where: ({ runtime, realm }) => runtime === 'workerd' || realm === 'service worker',
    run({ relayed = [] }) {
      equal(relayed.length, toRelay.length, 'the requests relayed');
      for (const [i, [path, { body }]] of toRelay.entries()) {
        const receipt = JSON.parse(relayed[i] ?? '') as Receipt;
        const bytes = new TextEncoder().encode(String(body ?? ''));
        equal([receipt.target, receipt.body], [path, base64Of(bytes)], 'target and body');
        equal(headerOf(receipt, 'x-tag'), 'kept', 'X-Tag');
      }
    },
  },
];
