import { contentDigest } from '../../core/digest.ts';
import { hex } from '../../core/encoding.ts';
import { fail } from '../../core/errors.ts';
import { signableNames } from '../../core/field-names.ts';
import type { HeaderView } from '../../core/message.ts';
import { presentIn, requestModifiers } from '../../core/modifying-headers.ts';
import type { PreparedSignature, SignatureInput, SigningScheme } from '../../core/scheme.ts';
import { hmacSha256 } from '../../core/signing-key.ts';
import { digestPattern, isSignable, noncePattern, stringToSign, timestampPattern } from './string-to-sign.ts';

/** The signing half of `countersign-v1`. */
export const signCountersignV1: SigningScheme = {
  name: 'countersign-v1',
  fields: ['key', 'timestamp', 'nonce', 'payload', 'signed-headers', 'signature']
    .map((name) => `x-api-${name}`)
    .concat('content-digest'),
  body: 'digest',
  createKey: hmacSha256,
  signableHeaders: (names) => signableNames(names, isSignable),
  declaresBody: (headers) => digestPattern.test(headers.get('content-digest') ?? ''),
  prepare,
};

function prepare({ message, accessKey, time, nonce, body, ...input }: SignatureInput): PreparedSignature {
  const signedHeaders = withModifiers(input.signedHeaders, message.headers);
  const timestamp = `${Math.floor(time / 1000)}`;
  if (!timestampPattern.test(timestamp) || !noncePattern.test(nonce)) {
    fail('invalid_configuration', `The ${noncePattern.test(nonce) ? 'clock' : 'nonce'} returns an invalid value.`);
  }
  const digest =
    body.kind === 'digest'
      ? contentDigest(body.sha256)
      : body.kind === 'declared'
        ? message.headers.get('content-digest')
        : null;
  const unsigned = body.kind === 'unsigned' && body.kind;
  return {
    stringToSign: stringToSign(message, {
      accessKey,
      timestamp,
      nonce,
      payload: unsigned || (digest ?? ''),
      signedHeaders,
    }),
    headers(signature) {
      const headers: Record<string, string> = {
        'X-API-Key': accessKey,
        'X-API-Timestamp': timestamp,
        'X-API-Nonce': nonce,
      };
      if (digest) headers['Content-Digest'] = digest;
      if (unsigned) headers['X-API-Payload'] = unsigned;
      if (signedHeaders[0]) headers['X-API-Signed-Headers'] = signedHeaders.join(';');
      headers['X-API-Signature'] = `v1=${hex(signature)}`;
      return headers;
    },
  };
}

/** Returns the names chosen by the caller and the modifiers that are present, sorted, without duplicates. */
function withModifiers(chosen: readonly string[], headers: HeaderView): readonly string[] {
  const modifiers = presentIn(headers, requestModifiers);
  return modifiers[0] ? [...new Set([...chosen, ...modifiers])].sort() : chosen;
}
