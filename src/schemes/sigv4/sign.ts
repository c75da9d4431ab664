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

/** For what, and how much of a request, `sigv4` signs. */
export type SigV4Options = {
  /** As in `us-east-1`; `auto` for some that speak the protocol of S3. */
  readonly region: string;
  /** As in `execute-api`; `s3` has rules of its own for paths. */
  readonly service: string;
  /** For temporary credentials that do not bring their own: `credentials.sessionToken` comes first. @default none */
  readonly sessionToken?: string;
  /**
   * Headers that are signed wherever a request has them, beside `host` and `x-amz-*`; a verifier refuses a request that has
   * one unsigned. @default ['content-type', 'content-encoding', 'content-range', 'if-match', 'if-modified-since', 'if-none-match', 'if-range', 'if-unmodified-since', 'range']
   */
  readonly signedHeaders?: readonly string[];
  /** Sends bodies that nothing protects but TLS, and leaves them unread: the finding `body-unsigned`. @default false */
  readonly unsignedPayload?: boolean;
  /**
   * Whether `X-Amz-Content-Sha256` goes with every request, and a verifier demands it: it then knows the caller before it reads the
   * body. Always so for S3.
   * @default true
   */
  readonly payloadHeader?: boolean;
};

/** What a caller may have said of a body that it alone can read. */
const declaration = /^(?:[\da-f]{64}|UNSIGNED-PAYLOAD|STREAMING-UNSIGNED-PAYLOAD-TRAILER)$/;

export const declaresPayload: SigningScheme['declaresBody'] = (headers) =>
  declaration.test(headers.get('x-amz-content-sha256') ?? '');

/** `HashedPayload` of a body. */
export function toPayload(body: SignedBody, { headers }: Message): string {
  if (body.kind === 'declared') return headers.get('x-amz-content-sha256') ?? emptyHash;
  if (body.kind === 'unsigned') return unsignedPayload;
  return body.kind === 'digest' ? hex(body.sha256) : emptyHash;
}

/**
 * @throws SignatureError `invalid_credentials`
 */
export function checkToken(token: string | undefined): string | undefined {
  if (token !== undefined && !/^[!-~]{1,16384}$/.test(token))
    fail('invalid_credentials', 'The session token must be printable ASCII without spaces.');
  return token;
}

/** The client's half of AWS Signature Version 4 by header. */
export function signSigV4(options: SigV4Options): SigningScheme {
  const { region, service, payloadHeader = true, unsignedPayload: unsigned = false } = options;
  const scope = { region, service };
  checkScope(scope);
  const ifPresent = signableHeaders(options.signedHeaders ?? signedByDefault);
  const keyOf = dailyKeys(scope);

  function prepare({ message, accessKey, time, body, ...input }: SignatureInput): PreparedSignature {
    const date = amzDate(time);
    const token = checkToken(input.sessionToken ?? options.sessionToken);
    const left = unsigned && body.kind !== 'declared';
    const payload = left ? unsignedPayload : toPayload(body, message);
    const told = payloadHeader || isLikeS3(service) || payload === unsignedPayload;
    const values = {
      ...((told || message.headers.get('x-amz-content-sha256') !== null) && { 'x-amz-content-sha256': payload }),
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
      deriveKey: keyOf(date.slice(0, 8)),
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
