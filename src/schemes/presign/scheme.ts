import type { Finding } from '../../core/finding.ts';
import type { Scheme } from '../../core/scheme.ts';
import { bodyUnsigned, contentTypeFindings, orderUnsigned } from '../sigv4/presented.ts';
import { createPresignReader } from './read.ts';
import { headersToSign, leavesBodiesOut, type PresignOptions, signPresign } from './sign.ts';

export type { PresignOptions } from './sign.ts';

const noNonce = (reusable: boolean): Finding => ({
  code: 'no-nonce',
  severity: reusable ? 'high' : 'medium',
  message: reusable
    ? 'An address is accepted again and again until it ends.'
    : 'An address has no nonce: the string to sign is remembered in its stead, so that it is accepted once.',
  attack: 'Whoever finds the address in a log or a browser history uses it too, before it ends.',
});

/**
 * AWS Signature Version 4 by query: an address that whoever holds it may use until it ends. The secret is used as by
 * `sigv4`.
 *
 * @throws SignatureError `invalid_configuration`
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
