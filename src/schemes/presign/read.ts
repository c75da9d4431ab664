import { decodeHex } from '../../core/encoding.ts';
import { fail } from '../../core/errors.ts';
import type { Message } from '../../core/message.ts';
import type { PresentedSignature } from '../../core/scheme.ts';
import { type Parameter, parseParameters, splitTarget } from '../sigv4/canonical.ts';
import { isSignedHeadersList, presignableHeaders, requireCoverage } from '../sigv4/fields.ts';
import { dailyKeys } from '../sigv4/key.ts';
import {
  malformed,
  parseAmzTime,
  presentedStringToSign,
  readAccessKey,
  readPayload,
  requireOnePath,
  requireSingleLines,
} from '../sigv4/presented.ts';
import { algorithm, isLikeS3, unsignedPayload } from '../sigv4/string-to-sign.ts';
import { headersToSign, leavesBodiesOut, leavesTokenOut, ownParameters, type PresignOptions } from './sign.ts';

/** Returns the reader of presigned URLs: AWS Signature Version 4 in the query. */
export function createPresignReader(options: PresignOptions): (message: Message) => PresentedSignature {
  const { region, service, reusable = false } = options;
  const scope = { region, service };
  const ifPresent = presignableHeaders(headersToSign(options));
  const likeS3 = isLikeS3(service);
  const uncovered = leavesBodiesOut(options);
  const deriveFor = dailyKeys(scope);
  const unsigned = new Set(['X-Amz-Signature', ...(leavesTokenOut(options) ? ['X-Amz-Security-Token'] : [])]);

  return (message) => {
    const parameters = parseParameters(splitTarget(message.rawTarget).query);
    const own = readOwnParameters(parameters);
    const signature = own.get('X-Amz-Signature');
    if (signature === undefined) return fail('missing_signature', 'The query has no X-Amz-Signature.', 401);
    if (own.get('X-Amz-Algorithm') !== algorithm) malformed(`X-Amz-Algorithm must be ${algorithm}`);
    if (!/^[\da-f]{64}$/.test(signature)) malformed('X-Amz-Signature must be 64 lower-case hex digits');
    const date = own.get('X-Amz-Date') ?? '';
    const notBefore = parseAmzTime(date);
    const accessKey = readAccessKey(own.get('X-Amz-Credential') ?? '', { date, scope });
    const names = (own.get('X-Amz-SignedHeaders') ?? '').split(';');
    if (!isSignedHeadersList(names)) malformed('X-Amz-SignedHeaders must include host and be sorted, without repeats');
    requireCoverage(message, names, ifPresent);
    requireOnePath(message, scope);
    requireSingleLines(message, names);
    const { hashed, body } = readPayload(readPayloadHash(own, message) ?? (likeS3 ? unsignedPayload : undefined), {
      uncovered,
    });
    const signed = parameters.filter(({ name }) => !unsigned.has(name));
    return {
      accessKey,
      time: undefined,
      notBefore,
      expiresAt: notBefore + parseExpires(own.get('X-Amz-Expires') ?? '') * 1000,
      nonce: undefined,
      reusable,
      signatures: [decodeHex(signature)],
      stringToSign: presentedStringToSign({ message, parameters: signed, fields: { names } }, hashed, { date, scope }),
      deriveKey: deriveFor(date.slice(0, 8)),
      signedHeaders: names,
      body,
    };
  };
}

/** Returns the parameters that carry the signature, tryDecode. */
function readOwnParameters(parameters: readonly Parameter[]): ReadonlyMap<string, string> {
  const own = new Map<string, string>();
  for (const { name, value } of parameters.filter((one) => ownParameters.has(one.name))) {
    if (own.has(name)) malformed(`${name} is repeated`);
    own.set(name, tryDecode(value) ?? malformed(`${name} is not UTF-8`));
  }
  return own;
}

function readPayloadHash(own: ReadonlyMap<string, string>, { headers }: Message): string | undefined {
  const inQuery = own.get('X-Amz-Content-Sha256');
  const inHeader = headers.get('x-amz-content-sha256') ?? undefined;
  return inQuery !== undefined && inHeader !== undefined && inQuery !== inHeader
    ? malformed('X-Amz-Content-Sha256 differs between query and headers')
    : (inQuery ?? inHeader);
}

function tryDecode(value: string): string | undefined {
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined;
  }
}

function parseExpires(text: string): number {
  const seconds = /^[1-9]\d{0,5}$/.test(text) ? Number(text) : 0;
  return seconds >= 1 && seconds <= 604800 ? seconds : malformed('X-Amz-Expires must be 1 to 604800 seconds');
}
