import type { Scheme } from '../../core/scheme.ts';
import { acceptSignature } from './accept-signature.ts';
import { readRfc9421 } from './read.ts';
import { rfc9421Response } from './response.ts';
import { createSettings, listFindings, type Rfc9421Options } from './settings.ts';
import { signRfc9421 } from './sign.ts';

/**
 * HTTP Message Signatures (RFC 9421) with Content-Digest (RFC 9530), for both sides. A text or bytes as secret sign by
 * `hmac-sha256`, a CryptoKey by the algorithm of its own, which a verifier may hold the public half of. docs/rfc9421.md says what a
 * verifier demands.
 *
 * @throws SignatureError `invalid_configuration`
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
