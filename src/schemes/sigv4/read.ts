import { decodeHex } from '../../core/encoding.ts';
import { fail } from '../../core/errors.ts';
import { type Message, refuseRepeated } from '../../core/message.ts';
import type { PresentedSignature } from '../../core/scheme.ts';
import { parseParameters, splitTarget } from './canonical.ts';
import { isSignedHeadersList, requireCoverage, signableHeaders, signedByDefault } from './fields.ts';
import { dailyKeys } from './key.ts';
import {
  malformed,
  parseAmzTime,
  presentedStringToSign,
  readAccessKey,
  readPayload,
  requireOnePath,
  requireSingleLines,
} from './presented.ts';
import type { SigV4Options } from './sign.ts';
import { isLikeS3 } from './string-to-sign.ts';

const form = /^AWS4-HMAC-SHA256 Credential=([^ ,]{1,800}), ?SignedHeaders=([^ ,]{1,8192}), ?Signature=([\da-f]{64})$/;

/** Returns the reader of AWS Signature Version 4 in the `Authorization` header. */
export function createSigV4Reader(options: SigV4Options): (message: Message) => PresentedSignature {
  const { region, service, payloadHeader = true, unsignedPayload: uncovered = false } = options;
  const scope = { region, service };
  const ifPresent = signableHeaders(options.signedHeaders ?? signedByDefault);
  const deriveFor = dailyKeys(scope);

  return (message) => {
    const { headers, rawTarget } = message;
    const authorization = headers.get('authorization') ?? '';
    if (!authorization.startsWith('AWS4-HMAC-SHA256 ')) {
      fail('missing_signature', 'The request has no Authorization with AWS4-HMAC-SHA256.', 401);
    }
    refuseRepeated(headers, 'Authorization');
    const [, credential = '', list = '', signature = ''] = form.exec(authorization) ?? [];
    if (!signature) malformed('Authorization must contain Credential, SignedHeaders and Signature, in this order');
    const date = headers.get('x-amz-date') ?? '';
    const time = parseAmzTime(date);
    const accessKey = readAccessKey(credential, { date, scope });
    const names = list.split(';');
    if (!isSignedHeadersList(names)) malformed('SignedHeaders must include host and be sorted, without repeats');
    requireCoverage(message, names, ifPresent);
    requireOnePath(message, scope);
    requireSingleLines(message, names);
    const text = headers.get('x-amz-content-sha256') ?? undefined;
    if (text === undefined && (payloadHeader || isLikeS3(service))) {
      malformed('X-Amz-Content-Sha256 is missing: send it, or set payloadHeader: false on the verifier');
    }
    const { hashed, body } = readPayload(text, { uncovered });
    const parameters = parseParameters(splitTarget(rawTarget).query);
    return {
      accessKey,
      time,
      nonce: undefined,
      signatures: [decodeHex(signature)],
      stringToSign: presentedStringToSign({ message, parameters, fields: { names } }, hashed, { date, scope }),
      deriveKey: deriveFor(date.slice(0, 8)),
      signedHeaders: names,
      body,
    };
  };
}
