import { decodeHex } from '../../core/encoding.ts';
import { fail } from '../../core/errors.ts';
import type { Message } from '../../core/message.ts';
import type { PresentedSignature } from '../../core/scheme.ts';
import { type Parameter, parseParameters, splitTarget } from '../sigv4/canonical.ts';
import { isSignedHeadersList, requireCoverage, signableHeaders } from '../sigv4/fields.ts';
import { dailyKeys } from '../sigv4/key.ts';
import {
  malformed,
  parseAmzTime,
  presentedStringToSign,
  readAccessKey,
  readPayload,
  requireOnePath,
} from '../sigv4/presented.ts';
import { algorithm, isLikeS3, unsignedPayload } from '../sigv4/string-to-sign.ts';
import { headersToSign, leavesBodiesOut, ownParameters, type PresignOptions } from './sign.ts';

/** The server's half of AWS Signature Version 4 by query. */
export function createPresignReader(options: PresignOptions): (message: Message) => PresentedSignature {
  const { region, service, reusable = false } = options;
  const scope = { region, service };
  const ifPresent = signableHeaders(headersToSign(options));
  const ofS3 = isLikeS3(service);
  const uncovered = leavesBodiesOut(options);
  const keyOf = dailyKeys(scope);

  return (message) => {
    const parameters = parseParameters(splitTarget(message.rawTarget).query);
    const own = ownIn(parameters);
    const signature = own.get('X-Amz-Signature');
    if (signature === undefined) return fail('missing_signature', 'The query has no X-Amz-Signature.', 401);
    if (own.get('X-Amz-Algorithm') !== algorithm) malformed(`X-Amz-Algorithm must be ${algorithm}`);
    if (!/^[\da-f]{64}$/.test(signature)) malformed('X-Amz-Signature must be 64 lower-case hex digits');
    const date = own.get('X-Amz-Date') ?? '';
    const notBefore = parseAmzTime(date);
    const accessKey = readAccessKey(own.get('X-Amz-Credential') ?? '', { date, scope });
    const names = (own.get('X-Amz-SignedHeaders') ?? '').split(';');
    if (!isSignedHeadersList(names)) malformed('X-Amz-SignedHeaders must name host, and each header once, in order');
    requireCoverage(message, names, ifPresent);
    requireOnePath(message, scope);
    const { hashed, body } = readPayload(payloadTold(own, message) ?? (ofS3 ? unsignedPayload : undefined), {
      uncovered,
    });
    const signed = parameters.filter(({ name }) => name !== 'X-Amz-Signature');
    return {
      accessKey,
      time: undefined,
      notBefore,
      expiresAt: notBefore + secondsOf(own.get('X-Amz-Expires') ?? '') * 1000,
      nonce: undefined,
      reusable,
      signatures: [decodeHex(signature)],
      stringToSign: presentedStringToSign({ message, parameters: signed, fields: { names } }, hashed, { date, scope }),
      deriveKey: keyOf(date.slice(0, 8)),
      signedHeaders: names,
      body,
    };
  };
}

/** A signature's own parameters, decoded. */
function ownIn(parameters: readonly Parameter[]): ReadonlyMap<string, string> {
  const own = new Map<string, string>();
  for (const { name, value } of parameters.filter((one) => ownParameters.has(one.name))) {
    if (own.has(name)) malformed(`${name} is repeated`);
    own.set(name, decoded(value) ?? malformed(`${name} is no UTF-8`));
  }
  return own;
}

function payloadTold(own: ReadonlyMap<string, string>, { headers }: Message): string | undefined {
  const inQuery = own.get('X-Amz-Content-Sha256');
  const inHeader = headers.get('x-amz-content-sha256') ?? undefined;
  return inQuery !== undefined && inHeader !== undefined && inQuery !== inHeader
    ? malformed('X-Amz-Content-Sha256 is another in the query than in the headers')
    : (inQuery ?? inHeader);
}

function decoded(value: string): string | undefined {
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined;
  }
}

function secondsOf(text: string): number {
  const seconds = /^[1-9]\d{0,5}$/.test(text) ? Number(text) : 0;
  return seconds >= 1 && seconds <= 604800 ? seconds : malformed('X-Amz-Expires must be 1 to 604800 seconds');
}
