import { createSigner } from 'countersign';
import { type Parts, rig, signedParts } from './rig.ts';

export const described = {
  method: 'POST',
  target: '/v1/orders?a=1&b=2',
  headers: { 'content-type': 'application/json', 'x-tenant': 'blue', 'x-trace': 'a, b' },
  body: '{"sku":"A-1"}',
};

/** An honest request that signs two headers more, and a verifier that would take it. */
export function honest() {
  const made = rig();
  const { accessKey, secret, time } = made;
  const signer = createSigner({
    accessKey,
    secret,
    clock: () => time.now,
    signedHeaders: ['x-tenant', 'x-trace'],
  });
  return { ...made, signer, parts: signedParts(signer, described) };
}

export const set = (parts: Parts, headers: Record<string, string>): Parts => ({
  ...parts,
  headers: { ...parts.headers, ...headers },
});
export const drop = (parts: Parts, name: string): Parts => ({
  ...parts,
  headers: Object.fromEntries(Object.entries(parts.headers).filter(([one]) => one !== name)),
});
