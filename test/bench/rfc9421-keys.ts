import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import { createSigner, createVerifier, type SigningKey, type VerifyingKey } from 'http-message-signatures';
import { accessKey, secret } from './inputs.ts';

/** One key, as each library wants it; prepared once. */
export type Rfc9421Keys = {
  readonly signatures: { readonly signer: SigningKey; readonly verifier: VerifyingKey };
  readonly sig: {
    readonly algorithm: 'hmac-sha256' | 'ed25519';
    readonly sign: (data: Uint8Array) => Uint8Array;
    readonly verify: (data: Uint8Array, signature: Uint8Array) => boolean;
  };
};

const key = createSecretKey(secret, 'utf8');
const mac = (data: Uint8Array): Uint8Array => createHmac('sha256', key).update(data).digest();

export const hmacKeys: Rfc9421Keys = {
  signatures: {
    signer: createSigner(secret, 'hmac-sha256', accessKey),
    verifier: { id: accessKey, algs: ['hmac-sha256'], verify: createVerifier(secret, 'hmac-sha256') },
  },
  sig: { algorithm: 'hmac-sha256', sign: mac, verify: (data, tag) => timingSafeEqual(mac(data), tag) },
};

const made = generateKeyPairSync('ed25519', {
  privateKeyEncoding: { type: 'pkcs8', format: 'der' },
  publicKeyEncoding: { type: 'spki', format: 'der' },
});
const privateKey = createPrivateKey({ key: made.privateKey, type: 'pkcs8', format: 'der' });
const publicKey = createPublicKey({ key: made.publicKey, type: 'spki', format: 'der' });

export const ed25519Keys: Rfc9421Keys = {
  signatures: {
    signer: createSigner(privateKey, 'ed25519', accessKey),
    verifier: { id: accessKey, algs: ['ed25519'], verify: createVerifier(publicKey, 'ed25519') },
  },
  sig: {
    algorithm: 'ed25519',
    sign: (data) => sign(null, data, privateKey),
    verify: (data, signature) => verify(null, data, publicKey, signature),
  },
};

/** The same key for `crypto.subtle`. */
export const ed25519Pair = {
  privateKey: await crypto.subtle.importKey('pkcs8', new Uint8Array(made.privateKey), 'Ed25519', false, ['sign']),
  publicKey: await crypto.subtle.importKey('spki', new Uint8Array(made.publicKey), 'Ed25519', false, ['verify']),
};

export const ed25519Jwk = { ...privateKey.export({ format: 'jwk' }), alg: 'Ed25519' } as JsonWebKey;
