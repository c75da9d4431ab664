import type { Finding } from '../../core/finding.ts';
import type { Scheme } from '../../core/scheme.ts';
import { signedByDefault } from './fields.ts';
import { bodyUnsigned, contentTypeFindings, orderUnsigned } from './presented.ts';
import { createSigV4Reader } from './read.ts';
import { type SigV4Options, signSigV4 } from './sign.ts';

export type { SigV4Options } from './sign.ts';

const noNonce: Finding = {
  code: 'no-nonce',
  severity: 'medium',
  message: 'A signature has no nonce: the string to sign is remembered in its stead, so that it is accepted once.',
  attack: 'None, but an honest caller who sends the same request twice within a second is refused the second time.',
};

const accessKeyUnbound: Finding = {
  code: 'access-key-unbound',
  severity: 'low',
  message: 'The access key stands in Credential, which is not signed: the secret alone says whose request it is.',
  attack: 'Two access keys have one secret, and one may do more: a request of the other is sent on in its name.',
};

/**
 * AWS Signature Version 4 by header, as AWS, S3-compatible stores and API Gateway take it. The secret is a text or
 * bytes; a CryptoKey must have been imported from `AWS4` and the secret.
 *
 * @throws SignatureError `invalid_configuration`
 */
export const sigv4 = (options: SigV4Options): Scheme => ({
  ...signSigV4(options),
  read: createSigV4Reader(options),
  findings: [
    noNonce,
    accessKeyUnbound,
    orderUnsigned,
    ...contentTypeFindings(options.signedHeaders ?? signedByDefault),
    ...(options.unsignedPayload ? [bodyUnsigned] : []),
  ],
});
