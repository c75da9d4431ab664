import { contentDigest } from '../core/digest.ts';
import { bytesOfHex, hex } from '../core/encoding.ts';
import type { ResponseScheme } from '../core/scheme.ts';
import { timestampPattern } from './countersign-v1-string.ts';

/** The countersignature of `countersign-v1`: over status, content type and body, bound to the request's own signature. */
export const countersignV1Response: ResponseScheme = {
  prepare({ requestSignature, time, status, contentType, sha256 }) {
    const timestamp = `${Math.floor(time / 1000)}`;
    const digest = sha256 ? contentDigest(sha256) : '';
    return {
      stringToSign: `countersign-v1-response\n${requestSignature}\n${timestamp}\n${status}\n${contentType}\n${digest}`,
      headers: (signature) => ({
        'X-API-Timestamp': timestamp,
        // Not Content-Digest, which covers the coded bytes: fetch decodes gzip before its caller can hash anything.
        ...(digest && { 'Unencoded-Digest': digest }),
        'X-API-Signature': `v1=${hex(signature)}`,
      }),
    };
  },
  read(headers) {
    const timestamp = headers.get('x-api-timestamp') ?? '';
    const signature = headers.get('x-api-signature') ?? '';
    if (!timestampPattern.test(timestamp) || !/^v1=[\da-f]{64}$/.test(signature)) return undefined;
    return { time: Number(timestamp) * 1000, signature: bytesOfHex(signature.slice(3)) };
  },
};
