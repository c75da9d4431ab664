import { createHmac } from 'node:crypto';
import { createSigner, type Signer } from 'countersign';
import { type Rfc9421Options, rfc9421 } from 'countersign/schemes';
import { type Described, outcomeOf, type Parts, type RigOptions, received, signedParts } from './rig.ts';
import { encoded, type Loose, plain, type SessionRig, sessionRig } from './session-rig.ts';

/** Key pairs as a browser makes them. */
export const algorithms = {
  Ed25519: { name: 'Ed25519' },
  'P-256': { name: 'ECDSA', namedCurve: 'P-256' },
} as const;
export type Curve = keyof typeof algorithms;
export const curves = Object.keys(algorithms) as Curve[];

export type Pair = { readonly privateKey: CryptoKey; readonly k: string };

export async function newPair(curve: Curve): Promise<Pair> {
  const { privateKey, publicKey } = (await crypto.subtle.generateKey(algorithms[curve], false, [
    'sign',
    'verify',
  ])) as CryptoKeyPair;
  return { privateKey, k: Buffer.from(await crypto.subtle.exportKey('raw', publicKey)).toString('base64url') };
}

export type Parent = { readonly accessKey: string; readonly secret: string };

/** Tagged with another HMAC than the package's, from docs/browsers.md alone. */
export const tagOf = (secret: string | Uint8Array, tagged: string): string =>
  createHmac('sha256', secret).update(`countersign-session1-bound\n${tagged}`).digest('base64url');

/** The access key of a bound session by the holder of a secret, with any claims, one spelling or not. */
export function boundKey({ accessKey, secret }: Parent, claims: Loose | string): string {
  const tagged = `${accessKey}~p1.${encoded(claims)}`;
  return `${tagged}.${tagOf(secret, tagged)}`;
}

export type BoundRig = Omit<SessionRig, 'signed'> & {
  /** Signs with a key under any access key, also one that no signer takes. */
  sign(accessKey: string, secret: CryptoKey | string | Uint8Array, described?: Described): Promise<Parts>;
  /** `ok`, or the precise code. */
  outcome(accessKey: string, secret: CryptoKey | string | Uint8Array, described?: Described): Promise<string>;
};

/** A verifier for `rfc9421` with one parent. */
export function boundRig(options: RigOptions = {}, scheme: Rfc9421Options = {}): BoundRig {
  const { signed: _, ...at } = sessionRig('rfc9421', options);
  const signerOf = (accessKey: string, secret: CryptoKey | string | Uint8Array): Signer =>
    createSigner({ accessKey, secret, clock: at.clock, scheme: rfc9421(scheme) });
  async function sign(accessKey: string, secret: CryptoKey | string | Uint8Array, described?: Described) {
    const signer = signerOf(accessKey, secret);
    const { method = 'GET', authority = 'api.example.com', target = '/v1/orders', headers = {} } = described ?? {};
    if (typeof secret === 'string' || ArrayBuffer.isView(secret)) return signedParts(signer, described);
    const request = await signer.sign(`https://${authority}${target}`, { method, headers });
    return { method, authority, target, scheme: 'https' as const, headers: Object.fromEntries(request.headers) };
  }
  return {
    ...at,
    sign,
    outcome: async (...given) => outcomeOf(await at.verifier.verify(received(await sign(...given)))),
  };
}

/** Claims of a bound session. */
export const claimsFor = ({ k }: Pick<Pair, 'k'>, more: Loose = {}): Loose => ({ ...plain, ...more, k });
