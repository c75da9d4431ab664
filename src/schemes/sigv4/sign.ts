import { hex } from '../../core/encoding.ts';
import { fail } from '../../core/errors.ts';
import type { Message } from '../../core/message.ts';
import type { PreparedSignature, SignatureInput, SignedBody, SigningScheme } from '../../core/scheme.ts';
import { parseParameters, splitTarget } from './canonical.ts';
import { namesToSign, ownFields, signableHeaders, signedByDefault } from './fields.ts';
import { dailyKeys, secretKey } from './key.ts';
import {
  algorithm,
  amzDate,
  checkScope,
  emptyHash,
  formatScope,
  isLikeS3,
  stringToSign,
  unsignedPayload,
} from './string-to-sign.ts';

/** Options of `sigv4`: region, service, and the parts of a request that are signed. */
export type SigV4Options = {
  /** For example `us-east-1`; `auto` for some services with the protocol of S3. */
  readonly region: string;
  /** For example `execute-api`; `s3` has its own rules for paths. */
  readonly service: string;
  /** Used for temporary credentials without `sessionToken`; that of the credentials takes precedence. @default none */
  readonly sessionToken?: string;
  /**
   * Headers that are signed if present, beside `host` and `x-amz-*`. A verifier refuses a request that has one of them unsigned.
   * @default ['content-type', 'content-encoding', 'content-range', 'idempotency-key', 'if-match', 'if-modified-since', 'if-none-match', 'if-range', 'if-unmodified-since', 'range']
   */
  readonly signedHeaders?: readonly string[];
  /** Leaves bodies unread and unsigned, protected by TLS only: the finding `body-unsigned`. @default false */
  readonly unsignedPayload?: boolean;
  /**
   * Whether every request has `X-Amz-Content-Sha256`, and a verifier demands it. The verifier can then authenticate the caller before
   * it reads the body. Always so for S3.
   * @default true
   */
  readonly payloadHeader?: boolean;
};

/** Values with which a caller may declare a body that only the caller can read. */
const declaration = /^(?:[\da-f]{64}|UNSIGNED-PAYLOAD|STREAMING-UNSIGNED-PAYLOAD-TRAILER)$/;

export const declaresPayload: SigningScheme['declaresBody'] = (headers) =>
  declaration.test(headers.get('x-amz-content-sha256') ?? '');

/** Returns the `HashedPayload` of a body. */
export function toPayload(body: SignedBody, { headers }: Message): string {
  if (body.kind === 'declared') return headers.get('x-amz-content-sha256') ?? emptyHash;
  if (body.kind === 'unsigned') return unsignedPayload;
  return body.kind === 'digest' ? hex(body.sha256) : emptyHash;
}

/**
 * @throws SignatureError `invalid_credentials` unless the token is printable ASCII without spaces.
 */
export function checkToken(token: string | undefined): string | undefined {
  if (token !== undefined && !/^[!-~]{1,16384}$/.test(token))
    fail('invalid_credentials', 'The session token must be printable ASCII without spaces.');
  return token;
}

/** The signing half of `sigv4`. */
export function signSigV4(options: SigV4Options): SigningScheme {
  const { region, service, payloadHeader = true, unsignedPayload: unsigned = false } = options;
  const scope = { region, service };
  checkScope(scope);
  const ifPresent = signableHeaders(options.signedHeaders ?? signedByDefault);
  const deriveFor = dailyKeys(scope);

  function prepare({ message, accessKey, time, body, ...input }: SignatureInput): PreparedSignature {
    const date = amzDate(time);
    const token = checkToken(input.sessionToken ?? options.sessionToken);
    const omitted = unsigned && body.kind !== 'declared';
    const payload = omitted ? unsignedPayload : toPayload(body, message);
    const sendsPayload = payloadHeader || isLikeS3(service) || payload === unsignedPayload;
    const values = {
      ...((sendsPayload || message.headers.get('x-amz-content-sha256') !== null) && {
        'x-amz-content-sha256': payload,
      }),
      'x-amz-date': date,
      ...(token !== undefined && { 'x-amz-security-token': token }),
    };
    const names = namesToSign(message, {
      ifPresent,
      always: input.signedHeaders,
      own: Object.keys(values),
      dropped: message.headers.get('authorization') === null ? [] : ownFields,
    });
    const parameters = parseParameters(splitTarget(message.rawTarget).query);
    return {
      stringToSign: stringToSign({ message, parameters, fields: { names, values }, payload }, { date, scope }),
      deriveKey: deriveFor(date.slice(0, 8)),
      headers: (signature) => ({
        ...values,
        authorization: `${algorithm} Credential=${accessKey}/${formatScope(date, scope)}, SignedHeaders=${names.join(';')}, Signature=${hex(signature)}`,
      }),
    };
  }

  return {
    name: 'sigv4',
    fields: ownFields,
    body: unsigned ? 'none' : 'digest',
    createKey: secretKey,
    signableHeaders,
    declaresBody: declaresPayload,
    prepare,
  };
}
