import { hex } from '../../core/encoding.ts';
import { fail } from '../../core/errors.ts';
import type { PreparedSignature, SignatureInput, SigningScheme } from '../../core/scheme.ts';
import { withTarget } from '../../core/with-target.ts';
import { type Parameter, parseParameters, splitTarget, uriEncode } from '../sigv4/canonical.ts';
import { namesToSign, presignableHeaders } from '../sigv4/fields.ts';
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

/** The query parameters that carry a signature. */
export const ownParameters: ReadonlySet<string> = new Set(
  ['Algorithm', 'Content-Sha256', 'Credential', 'Date', 'Expires', 'Security-Token', 'Signature', 'SignedHeaders'].map(
    (name) => `X-Amz-${name}`,
  ),
);

/** Creates a parameter from a name that needs no encoding. It is sent and signed in the same form. */
export function toParameter(name: string, text: string): Parameter {
  const value = uriEncode(text);
  return { name, value, raw: `${name}=${value}` };
}

/** Options of `presign`: region, service, period of validity, and the parts of a request that are signed. */
export type PresignOptions = {
  /** For example `us-east-1`; `auto` for some services with the protocol of S3. */
  readonly region: string;
  /** For example `s3`, which has its own rules for paths and bodies. */
  readonly service: string;
  /** How long a URL is valid, in seconds: 1 to 604800 (a week). @default 3600 */
  readonly expires?: number;
  /** Used for temporary credentials without `sessionToken`; that of the credentials takes precedence. @default none */
  readonly sessionToken?: string;
  /**
   * Headers that are signed if present, beside `host` and `x-amz-*`. The user of the URL must send the same headers. A verifier
   * refuses a request that has one of them unsigned. With `content-length`, an address is for an upload of this length.
   * @default ['content-type'] if bodies are signed, else []
   */
  readonly signedHeaders?: readonly string[];
  /** Leaves bodies unsigned: the finding `body-unsigned`. Always so for S3. @default false */
  readonly unsignedPayload?: boolean;
  /**
   * Lets a verifier accept a URL any number of times until it expires: the finding `no-nonce`. Otherwise a URL is accepted once.
   * @default false
   */
  readonly reusable?: boolean;
};

/** Whether bodies are left unsigned. */
export const leavesBodiesOut = ({ service, unsignedPayload = false }: PresignOptions): boolean =>
  unsignedPayload || isLikeS3(service);

/** Whether the session token follows the signature, unsigned: AWS IoT, "MQTT over the WebSocket protocol". */
export const leavesTokenOut = ({ service }: PresignOptions): boolean => service === 'iotdevicegateway';

/** Returns the headers that are signed if present. The content type matters only if the body is signed. */
export const headersToSign = (options: PresignOptions): readonly string[] =>
  options.signedHeaders ?? (leavesBodiesOut(options) ? [] : ['content-type']);

/** The signing half of `presign`. */
export function signPresign(options: PresignOptions): SigningScheme {
  const { region, service, expires = 3600 } = options;
  const scope = { region, service };
  checkScope(scope);
  if (!(Number.isInteger(expires) && expires >= 1 && expires <= 604800)) {
    fail('invalid_configuration', 'expires must be 1 to 604800 whole seconds.');
  }
  const ifPresent = presignableHeaders(headersToSign(options));
  const omitsBodies = leavesBodiesOut(options);
  const isTokenUnsigned = leavesTokenOut(options);
  const deriveFor = dailyKeys(scope);

  function prepare({ message, accessKey, time, body, ...input }: SignatureInput): PreparedSignature {
    const date = amzDate(time);
    const token = checkToken(input.sessionToken ?? options.sessionToken);
    const tokens = token === undefined ? [] : [toParameter('X-Amz-Security-Token', token)];
    const payload = omitsBodies && body.kind !== 'declared' ? unsigned : toPayload(body, message);
    const names = namesToSign(message, { ifPresent, always: input.signedHeaders, own: [], dropped: [] });
    const { path, query } = splitTarget(message.rawTarget);
    const parameters = [
      ...parseParameters(query).filter(({ name }) => !ownParameters.has(name)),
      toParameter('X-Amz-Algorithm', algorithm),
      // For S3 unsigned is the default.
      ...(payload === unsigned && body.kind !== 'declared' && !isLikeS3(service)
        ? [toParameter('X-Amz-Content-Sha256', unsigned)]
        : []),
      toParameter('X-Amz-Credential', `${accessKey}/${formatScope(date, scope)}`),
      toParameter('X-Amz-Date', date),
      toParameter('X-Amz-Expires', `${expires}`),
      ...(isTokenUnsigned ? [] : tokens),
      toParameter('X-Amz-SignedHeaders', names.join(';')),
    ];
    const address = `${path}?${parameters.map(({ raw }) => raw).join('&')}`;
    return {
      stringToSign: stringToSign({ message, parameters, fields: { names }, payload }, { date, scope }),
      deriveKey: deriveFor(date.slice(0, 8)),
      headers: () => ({}),
      target: (signature) =>
        [`${address}&X-Amz-Signature=${hex(signature)}`, ...(isTokenUnsigned ? tokens : []).map(({ raw }) => raw)].join(
          '&',
        ),
    };
  }

  return {
    name: 'sigv4-presigned',
    fields: [],
    body: omitsBodies ? 'none' : 'digest',
    createKey: secretKey,
    signableHeaders: presignableHeaders,
    declaresBody: declaresPayload,
    withTarget,
    prepare,
  };
}
