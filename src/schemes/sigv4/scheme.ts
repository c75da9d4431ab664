import type { Scheme } from '../../core/scheme.ts';
import type { Finding } from '../../core/scheme-finding.ts';
import { signedByDefault } from './fields.ts';
import { bodyUnsigned, contentTypeFindings, orderUnsigned } from './presented.ts';
import { createSigV4Reader } from './read.ts';
import { type SigV4Options, signSigV4 } from './sign.ts';

export type { SigV4Options } from './sign.ts';

const noNonce: Finding = {
  code: 'no-nonce',
  severity: 'medium',
  message:
    'A signature has no nonce. The verifier remembers the string to sign instead, and accepts each request once.',
  attack: 'None. But an honest caller that sends the same request twice within a second is refused the second time.',
};

const accessKeyUnbound: Finding = {
  code: 'access-key-unbound',
  severity: 'low',
  message: 'The access key is in Credential, which is not signed: the secret alone identifies the caller.',
  attack: 'Two access keys share a secret, and one has more rights: a request of the other is forwarded in its name.',
};

/**
 * AWS Signature Version 4 in the `Authorization` header, as accepted by AWS, S3-compatible stores and API Gateway. The secret is a
 * text or bytes; a CryptoKey must have been imported from `AWS4` followed by the secret.
 *
 * @throws SignatureError `invalid_configuration`
 * @example
 * import { createSigner } from 'countersign';
 * import { sigv4 } from 'countersign/schemes';
 *
 * const scheme = sigv4({ region: 'eu-central-1', service: 'execute-api' });
 * const signer = createSigner({ accessKey: 'AKIDEXAMPLE', secret: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY', scheme });
 * const { headers } = await signer.sign('https://api.example.com/v1/orders');
 * console.log(headers.get('authorization')?.slice(0, 39)); // → AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE
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
