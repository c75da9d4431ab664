import type { SchemeDefinition } from '../define/definition.ts';
import type { SignedHeaderOptions } from './kong-hmac-auth.ts';

/**
 * HTTP signatures as in draft-cavage-http-signatures-12, with HMAC: datatracker.ietf.org/doc/draft-cavage-http-signatures. Signs
 * `(request-target) host date digest`. A verifier accepts exactly the list of the signer.
 *
 * @example
 * import { cavageSignatures, defineScheme } from 'countersign/schemes';
 *
 * const scheme = defineScheme(cavageSignatures({ signedHeaders: ['(request-target)', 'date', 'digest'] }));
 * console.log(scheme.name); // → cavage-signatures
 */
export function cavageSignatures({
  signedHeaders = ['(request-target)', 'host', 'date', 'digest'],
}: SignedHeaderOptions = {}): SchemeDefinition {
  return {
    name: 'cavage-signatures',
    signature: 'base64',
    timestamp: 'imf-fixdate',
    stringToSign: signedHeaders.map(formatLine).join('\n'),
    headers: {
      Date: '{timestamp}',
      ...(signedHeaders.includes('digest') && { Digest: digest }),
      Authorization: `Signature keyId="{accessKey}",algorithm="hmac-sha256",headers="${signedHeaders.join(' ')}",signature="{signature}"`,
    },
  };
}

const digest = 'SHA-256={body|sha256|base64}';

function formatLine(name: string): string {
  if (name === '(request-target)') return '(request-target): {method|lower} {target}';
  if (name === 'host') return 'host: {authority}';
  if (name === 'digest') return `digest: ${digest}`;
  return name === 'date' ? 'date: {timestamp}' : `${name}: {header.${name}}`;
}
