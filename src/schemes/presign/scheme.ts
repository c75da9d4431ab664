import type { Scheme } from '../../core/scheme.ts';
import type { Finding } from '../../core/scheme-finding.ts';
import { bodyUnsigned, contentTypeFindings, orderUnsigned } from '../sigv4/presented.ts';
import { createPresignReader } from './read.ts';
import { headersToSign, leavesBodiesOut, type PresignOptions, signPresign } from './sign.ts';

export type { PresignOptions } from './sign.ts';

const noNonce = (reusable: boolean): Finding => ({
  code: 'no-nonce',
  severity: reusable ? 'high' : 'medium',
  message: reusable
    ? 'A presigned URL is accepted any number of times until it expires.'
    : 'A presigned URL has no nonce. The verifier remembers the string to sign instead, and accepts each URL once.',
  attack: 'Anyone who finds the URL in a log or a browser history can use it before it expires.',
});

/**
 * AWS Signature Version 4 in the query: a presigned URL, which anyone who has it can use until it expires. The secret has the same
 * form as for `sigv4`.
 *
 * @throws SignatureError `invalid_configuration`
 * @example
 * import { createSigner } from 'countersign';
 * import { presign } from 'countersign/schemes';
 *
 * const scheme = presign({ region: 'eu-central-1', service: 's3', expires: 600 });
 * const signer = createSigner({ accessKey: 'AKIDEXAMPLE', secret: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY', scheme });
 * const { url } = await signer.sign('https://bucket.s3.eu-central-1.amazonaws.com/photo.jpg');
 * console.log(new URL(url).searchParams.get('X-Amz-Expires')); // → 600
 */
export const presign = (options: PresignOptions): Scheme => ({
  ...signPresign(options),
  read: createPresignReader(options),
  findings: [
    noNonce(options.reusable === true),
    orderUnsigned,
    ...contentTypeFindings(headersToSign(options)),
    ...(leavesBodiesOut(options) ? [bodyUnsigned] : []),
  ],
});
