import type { Scheme } from '../../core/scheme.ts';
import { acceptSignature } from './accept-signature.ts';
import { readRfc9421 } from './read.ts';
import { rfc9421Response } from './response.ts';
import { createSettings, listFindings, type Rfc9421Options } from './settings.ts';
import { signRfc9421 } from './sign.ts';

/**
 * HTTP Message Signatures (RFC 9421) with Content-Digest (RFC 9530). A secret in text or bytes signs with `hmac-sha256`; a CryptoKey
 * signs with its own algorithm, and a verifier may use its public key. docs/standard-schemes.md lists the demands of a verifier.
 *
 * @throws SignatureError `invalid_configuration`
 * @example
 * import { createSigner, generateCredentials } from 'countersign';
 * import { rfc9421 } from 'countersign/schemes';
 *
 * const signer = createSigner({ ...generateCredentials(), secret: 'k'.repeat(32), scheme: rfc9421({ tag: 'shop' }) });
 * const { headers } = await signer.sign('https://api.example.com/v1/orders');
 * console.log(headers.get('signature-input')?.slice(0, 44)); // → sig1=("@method" "@authority" "@path" "@query
 */
export function rfc9421(options: Rfc9421Options = {}): Scheme {
  const settings = createSettings(options);
  return {
    ...signRfc9421(settings),
    response: rfc9421Response(settings),
    read: (message) => readRfc9421(settings, message),
    publicKeys: true,
    findings: listFindings(settings),
    challenge: { 'Accept-Signature': acceptSignature(settings) },
  };
}
