import { createSigner, generateCredentials, type Secret, signedFetch } from 'countersign';
import { rfc9421 } from 'countersign/schemes';
import { createVerifier, type KeySecret, memoryKeys, memoryReplay } from 'countersign/server';
import { afterEach, describe, expect, it } from 'vitest';
import { type Bridge, startBridge } from '../../server-bridge.ts';

let bridge: Bridge | undefined;
afterEach(() => bridge?.close());

type Pair = { readonly publicKey: typeof CryptoKey.prototype; readonly privateKey: typeof CryptoKey.prototype };
const pair = (await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])) as Pair;
const { accessKey, secret } = generateCredentials();

async function bridgeFor(known: KeySecret): Promise<Bridge> {
  const verifier = createVerifier({
    scheme: rfc9421(),
    keys: memoryKeys([{ accessKey, service: 'shop', secrets: [known] }]),
    replay: memoryReplay(),
  });
  bridge = await startBridge({ verifier });
  return bridge;
}

describe.each<{ name: string; signs: Secret; known: KeySecret }>([
  { name: 'a shared secret', signs: secret, known: { secret } },
  { name: 'an Ed25519 key', signs: pair.privateKey, known: { publicKey: pair.publicKey } },
])('over HTTP, with $name', ({ signs, known }) => {
  it('is accepted, whatever the request', async () => {
    const { origin, exchanges } = await bridgeFor(known);
    const send = signedFetch(createSigner({ accessKey, secret: signs, scheme: rfc9421() }));
    const requests: ReadonlyArray<[target: string, init?: RequestInit]> = [
      ['/'],
      ['/v1/orders?b=%20+&a=1&a=2&c'],
      ['/a%2Fb//c?'],
      ['/v1/orders', { method: 'POST', body: 'text' }],
      ['/v1/orders', { method: 'PUT', body: new Uint8Array([0, 255]) }],
      ['/v1/orders', { method: 'DELETE', headers: { 'content-type': 'application/json' } }],
    ];
    for (const [target, init] of requests) {
      const response = await send(origin + target, init);
      expect(exchanges.at(-1)?.result, target).toMatchObject({ ok: true, scheme: 'rfc9421' });
      expect(response.status).toBe(200);
    }
  });

  it('is refused the second time', async () => {
    const { origin } = await bridgeFor(known);
    const signer = createSigner({ accessKey, secret: signs, scheme: rfc9421() });
    const signed = await signer.sign(new Request(`${origin}/v1/orders`));
    expect((await fetch(signed.clone())).status).toBe(200);
    expect((await (await fetch(signed)).json()).code).toBe('replayed_request');
  });
});
