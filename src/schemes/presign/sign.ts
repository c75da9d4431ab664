import { hex } from '../../core/encoding.ts';
import { fail } from '../../core/errors.ts';
import type { PreparedSignature, SignatureInput, SigningScheme } from '../../core/scheme.ts';
import { withTarget } from '../../core/with-target.ts';
import { type Parameter, parseParameters, splitTarget, uriEncode } from '../sigv4/canonical.ts';
import { namesToSign, signableHeaders } from '../sigv4/fields.ts';
import { dailyKeys, secretKey } from '../sigv4/key.ts';
import { checkToken, declaresPayload, toPayload } from '../sigv4/sign.ts';
import {
  algorithm,
  amzDate,
  checkScope,
  formatScope,
  isLikeS3,
  stringToSign,
  unsignedPayload as unsigned,
} from '../sigv4/string-to-sign.ts';

/** The parameters of a query that carry a signature. */
export const ownParameters: ReadonlySet<string> = new Set(
  ['Algorithm', 'Content-Sha256', 'Credential', 'Date', 'Expires', 'Security-Token', 'Signature', 'SignedHeaders'].map(
    (name) => `X-Amz-${name}`,
  ),
);

/** A parameter as it is sent and as it is signed, which for these is the same. */
export function toParameter(name: string, text: string): Parameter {
  const value = uriEncode(text);
  return { name, value, raw: `${name}=${value}` };
}

/** For what, for how long, and how much of a request, `presign` signs. */
export type PresignOptions = {
  /** As in `us-east-1`; `auto` for some that speak the protocol of S3. */
  readonly region: string;
  /** As in `s3`, which has rules of its own for paths and bodies. */
  readonly service: string;
  /** How long an address may be used, in seconds: 1 to 604800, which is a week. @default 3600 */
  readonly expires?: number;
  /** For temporary credentials that do not bring their own: `credentials.sessionToken` comes first. @default none */
  readonly sessionToken?: string;
  /**
   * Headers that are signed where a request has them, beside `host` and `x-amz-*`; whoever uses the address must send the
   * same. A verifier refuses a request that has one unsigned. @default ['content-type'] where bodies are signed, else []
   */
  readonly signedHeaders?: readonly string[];
  /** Leaves bodies out of the signature: the finding `body-unsigned`. Always so for S3. @default false */
  readonly unsignedPayload?: boolean;
  /**
   * Lets a verifier accept an address again and again until it ends: the finding `no-nonce`. Otherwise it is accepted once.
   * @default false
   */
  readonly reusable?: boolean;
};

/** Whether bodies are left out of the signature. */
export const leavesBodiesOut = ({ service, unsignedPayload = false }: PresignOptions): boolean =>
  unsignedPayload || isLikeS3(service);

/** The headers that are signed where a request has them. A content type matters where it is that of a signed body. */
export const headersToSign = (options: PresignOptions): readonly string[] =>
  options.signedHeaders ?? (leavesBodiesOut(options) ? [] : ['content-type']);

/** The client's half of AWS Signature Version 4 by query. */
export function signPresign(options: PresignOptions): SigningScheme {
  const { region, service, expires = 3600 } = options;
  const scope = { region, service };
  checkScope(scope);
  if (!(Number.isInteger(expires) && expires >= 1 && expires <= 604800)) {
    fail('invalid_configuration', 'expires must be 1 to 604800 whole seconds.');
  }
  const ifPresent = signableHeaders(headersToSign(options));
  const bodiless = leavesBodiesOut(options);
  const keyOf = dailyKeys(scope);

  function prepare({ message, accessKey, time, body, ...input }: SignatureInput): PreparedSignature {
    const date = amzDate(time);
    const token = checkToken(input.sessionToken ?? options.sessionToken);
    const payload = bodiless && body.kind !== 'declared' ? unsigned : toPayload(body, message);
    const names = namesToSign(message, { ifPresent, always: input.signedHeaders, own: [], dropped: [] });
    const { path, query } = splitTarget(message.rawTarget);
    const parameters = [
      ...parseParameters(query).filter(({ name }) => !ownParameters.has(name)),
      toParameter('X-Amz-Algorithm', algorithm),
      // For S3 it goes without saying.
      ...(payload === unsigned && body.kind !== 'declared' && !isLikeS3(service)
        ? [toParameter('X-Amz-Content-Sha256', unsigned)]
        : []),
      toParameter('X-Amz-Credential', `${accessKey}/${formatScope(date, scope)}`),
      toParameter('X-Amz-Date', date),
      toParameter('X-Amz-Expires', `${expires}`),
      ...(token === undefined ? [] : [toParameter('X-Amz-Security-Token', token)]),
      toParameter('X-Amz-SignedHeaders', names.join(';')),
    ];
    const address = `${path}?${parameters.map(({ raw }) => raw).join('&')}`;
    return {
      stringToSign: stringToSign({ message, parameters, fields: { names }, payload }, { date, scope }),
      deriveKey: keyOf(date.slice(0, 8)),
      headers: () => ({}),
      target: (signature) => `${address}&X-Amz-Signature=${hex(signature)}`,
    };
  }

  return {
    name: 'sigv4-presigned',
    fields: [],
    body: bodiless ? 'none' : 'digest',
    createKey: secretKey,
    signableHeaders,
    declaresBody: declaresPayload,
    withTarget,
    prepare,
  };
}
