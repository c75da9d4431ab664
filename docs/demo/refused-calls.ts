import { createSigner, generateCredentials, prepareRequest, signedFetch } from 'countersign';
import type { Call, Outcome } from './call.ts';

const json = { 'Content-Type': 'application/json' };

/** Calls that are refused: requests that were changed, sent twice, late, or by the wrong caller. */
export const refusedCalls: readonly Call[] = [
  {
    name: 'no signature',
    expected: { status: 401, code: 'missing_signature', reason: 'missing_signature' },
    make: async ({ origin }) => outcomeOf(await fetch(`${origin}/profile`)),
  },
  {
    name: 'changed body',
    expected: { status: 401, code: 'body_digest_mismatch', reason: 'body_digest_mismatch' },
    async make({ origin, signer }) {
      const url = `${origin}/orders`;
      const headers = {
        ...json,
        ...prepareRequest(signer, { method: 'POST', url, headers: json, body: '{"quantity":1}' }).headers,
      };
      return outcomeOf(await fetch(url, { method: 'POST', headers, body: '{"quantity":9}' }));
    },
  },
  {
    name: 'changed body, with its digest',
    expected: { status: 401, code: 'invalid_signature', reason: 'signature_mismatch' },
    async make({ origin, signer }) {
      const request = { method: 'POST', url: `${origin}/orders`, headers: json };
      const honest = prepareRequest(signer, { ...request, body: '{"quantity":1}' }).headers;
      const { 'Content-Digest': forged = '' } = prepareRequest(signer, { ...request, body: '{"quantity":9}' }).headers;
      const headers = { ...json, ...honest, 'Content-Digest': forged };
      return outcomeOf(await fetch(request.url, { method: 'POST', headers, body: '{"quantity":9}' }));
    },
  },
  {
    name: 'changed query',
    expected: { status: 401, code: 'invalid_signature', reason: 'signature_mismatch' },
    async make({ origin, signer }) {
      const headers = prepareRequest(signer, { url: `${origin}/profile?account=1` }).headers;
      return outcomeOf(await fetch(`${origin}/profile?account=2`, { headers }));
    },
  },
  {
    name: 'replayed request',
    expected: { status: 401, code: 'replayed_request', reason: 'replayed_request' },
    async make({ signed }) {
      const first = await fetch(signed.clone());
      if (!first.ok) throw new Error('The request was refused when it was sent for the first time.');
      return outcomeOf(await fetch(signed.clone()));
    },
  },
  {
    name: 'stale timestamp, 10 minutes old',
    expected: { status: 401, code: 'stale_timestamp', reason: 'stale_timestamp' },
    async make({ origin, credentials }) {
      const late = createSigner({ credentials, clock: () => Date.now() - 10 * 60_000 });
      return outcomeOf(await signedFetch(late)(`${origin}/profile`));
    },
  },
  {
    name: 'unknown key',
    expected: { status: 401, code: 'invalid_signature', reason: 'unknown_key' },
    async make({ origin }) {
      const stranger = createSigner({ credentials: generateCredentials() });
      return outcomeOf(await signedFetch(stranger)(`${origin}/profile`));
    },
  },
  {
    name: 'revoked key',
    expected: { status: 401, code: 'revoked_key', reason: 'revoked_key' },
    async make({ origin, partner, keys }) {
      const call = () => signedFetch(createSigner({ credentials: partner }))(`${origin}/profile`);
      const before = await call();
      if (!before.ok) throw new Error('The key was refused before it was revoked.');
      await keys.revoke(partner.accessKey);
      return outcomeOf(await call());
    },
  },
];

/** The same calls after a restart of the server with the same file. */
export const callsAfterRestart: readonly Call[] = [
  {
    name: 'a key from before',
    expected: { status: 200, reason: 'accepted' },
    make: async ({ origin, fetch }) => outcomeOf(await fetch(`${origin}/profile`)),
  },
  {
    name: 'a key revoked before',
    expected: { status: 401, code: 'revoked_key', reason: 'revoked_key' },
    make: async ({ origin, partner }) =>
      outcomeOf(await signedFetch(createSigner({ credentials: partner }))(`${origin}/profile`)),
  },
  {
    name: 'a request from before, replayed',
    expected: { status: 401, code: 'replayed_request', reason: 'replayed_request' },
    make: async ({ signed }) => outcomeOf(await fetch(signed.clone())),
  },
];

/** Reads the code of the server's response. */
async function outcomeOf(response: Response): Promise<Outcome> {
  const { code } = (await response.json()) as { code?: string };
  return { status: response.status, code, reason: response.ok ? 'accepted' : 'refused' };
}
