import type { Scheme } from '../../core/scheme.ts';
import { readCavage } from './read.ts';
import { type Cavage12Options, createSettings, listFindings } from './settings.ts';
import { signCavage } from './sign.ts';

/**
 * HTTP signatures of draft-cavage-http-signatures-12 with key pairs, as Mastodon, other servers of ActivityPub and Oracle Cloud use
 * them: RSASSA-PKCS1-v1_5 with SHA-256, Ed25519, or HMAC-SHA256 for a secret. The access key is the `keyId`, as `encodeKeyId` writes
 * it. docs/standard-schemes.md has the settings for each.
 *
 * @throws SignatureError `invalid_configuration`
 * @example
 * import { createSigner } from 'countersign';
 * import { cavage12, encodeKeyId } from 'countersign/schemes';
 *
 * const { privateKey } = await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify']) as CryptoKeyPair;
 * const accessKey = encodeKeyId('https://social.example/users/alice#main-key');
 * const signer = createSigner({ accessKey, secret: privateKey, scheme: cavage12({ carrier: 'signature' }) });
 * const { headers } = await signer.sign('https://remote.example/users/bob');
 * console.log(headers.get('signature')?.slice(0, 51)); // → keyId="https://social.example/users/alice#main-key"
 */
export function cavage12(options: Cavage12Options = {}): Scheme {
  const settings = createSettings(options);
  return {
    ...signCavage(settings),
    read: (message) => readCavage(settings, message),
    publicKeys: true,
    findings: listFindings(settings),
  };
}
