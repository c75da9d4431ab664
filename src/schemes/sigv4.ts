import type { SigningScheme } from '../core/scheme.ts';
import { type SigV4Options, signSigV4 } from './sigv4-sign.ts';

export type { SigV4Options } from './sigv4-sign.ts';

/**
 * AWS Signature Version 4 by header, as AWS, S3-compatible stores and API Gateway take it. The secret's text or bytes; a CryptoKey must
 * have been imported from `AWS4` and the secret.
 *
 * @throws SignatureError `invalid_configuration`
 */
export const sigv4 = (options: SigV4Options): SigningScheme => signSigV4(options);
