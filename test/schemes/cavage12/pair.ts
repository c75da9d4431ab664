import { generateKeyPairSync } from 'node:crypto';

const rsa = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };

/** A key pair of RSA, as CryptoKeys and as PEM for other implementations. */
export type Pair = {
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  readonly privatePem: string;
  readonly publicPem: string;
};

export async function makePair(): Promise<Pair> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const { subtle } = crypto;
  return {
    privateKey: await subtle.importKey('pkcs8', privateKey.export({ type: 'pkcs8', format: 'der' }), rsa, false, [
      'sign',
    ]),
    publicKey: await subtle.importKey('spki', publicKey.export({ type: 'spki', format: 'der' }), rsa, true, ['verify']),
    privatePem: String(privateKey.export({ type: 'pkcs1', format: 'pem' })),
    publicPem: String(publicKey.export({ type: 'spki', format: 'pem' })),
  };
}
