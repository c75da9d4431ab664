import type { SigningScheme } from '../core/scheme.ts';
import { type PresignOptions, signPresign } from './presign-sign.ts';

export type { PresignOptions } from './presign-sign.ts';

/**
 * AWS Signature Version 4 by query: an address that whoever holds it may use until it ends. The secret is used as by `sigv4`.
 *
 * @throws SignatureError `invalid_configuration`
 */
export const presign = (options: PresignOptions): SigningScheme => signPresign(options);
