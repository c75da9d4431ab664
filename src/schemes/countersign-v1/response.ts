import { contentDigest } from '../../core/digest.ts';
import { decodeHex, hex } from '../../core/encoding.ts';
import { fieldValue } from '../../core/message.ts';
import { responseModifiers } from '../../core/modifying-headers.ts';
import type { ResponseScheme, SignedResponse } from '../../core/scheme.ts';
import { timestampPattern } from './string-to-sign.ts';

/**
 * The countersignature of `countersign-v1`. It covers status, content type, body and the modifiers that are present, and is bound
 * to the signature of the request.
 */
export const countersignV1Response: ResponseScheme = {
  fields: ['X-API-Timestamp', 'Unencoded-Digest', 'X-API-Signature'],
  prepare(input) {
    const timestamp = `${Math.floor(input.time / 1000)}`;
    const digest = input.sha256 ? contentDigest(input.sha256) : '';
    return {
      stringToSign: responseString(input, timestamp, digest),
      headers: (signature) => ({
        'X-API-Timestamp': timestamp,
        // Not Content-Digest, which covers the encoded bytes: fetch decodes gzip before the client can hash anything.
        ...(digest && { 'Unencoded-Digest': digest }),
        'X-API-Signature': `v1=${hex(signature)}`,
      }),
    };
  },
  read(response) {
    const { headers, request } = response;
    const timestamp = headers.get('x-api-timestamp') ?? '';
    const signature = headers.get('x-api-signature') ?? '';
    // An empty Content-Type is signed as an absent one, so only the absent one is read.
    const wellFormed =
      timestampPattern.test(timestamp) &&
      /^v1=[\da-f]{64}$/.test(signature) &&
      headers.get('content-type')?.trim() !== '';
    if (!wellFormed || !request.headers.get('x-api-signature')) return undefined;
    const digest = headers.get('unencoded-digest') ?? '';
    return {
      time: Number(timestamp) * 1000,
      signature: decodeHex(signature.slice(3)),
      stringToSign: responseString(response, timestamp, digest),
      matches: (_, sha256) => digest === (sha256 ? contentDigest(sha256) : ''),
    };
  },
};

function responseString({ status, headers, request }: SignedResponse, timestamp: string, digest: string): string {
  const type = fieldValue(headers, 'content-type') ?? '';
  let text = `countersign-v1-response\n${request.headers.get('x-api-signature')}\n${timestamp}\n${status}\n${type}\n${digest}`;
  for (const name of responseModifiers) {
    const value = fieldValue(headers, name);
    if (value !== undefined) text += `\n${name}:${value}`;
  }
  return text;
}
