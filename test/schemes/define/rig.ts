import { createSigner, type Signer } from 'countersign';
import { defineScheme, type SchemeDefinition } from 'countersign/schemes';
import { createVerifier, type FindingCode, memoryKeys, memoryReplay, type Verifier } from 'countersign/server';
import { noon } from '../../server/rig.ts';

/** The example of docs/define-a-scheme.md. */
export const partner: SchemeDefinition = {
  name: 'partner',
  algorithm: 'hmac-sha256',
  signature: 'base64',
  secret: 'utf8',
  timestamp: 'unix-seconds',
  stringToSign: '{method}\n{path}\n{query|sort}\n{timestamp}\n{nonce}\n{body|sha256|hex}',
  headers: { Authorization: 'hmac {accessKey}:{nonce}:{signature}', 'X-Date': '{timestamp}' },
};

export const accessKey = 'partner-1';
export const secret = 'a secret of more than sixteen bytes';
export const nonce = '0123456789abcdef0123456789abcdef';
export type Halves = { readonly signer: Signer; readonly verifier: Verifier; readonly time: { now: number } };

/** Signer and verifier of a definition, by one clock that stands still. */
export function halves(definition: SchemeDefinition, acceptFindings: readonly FindingCode[] = []): Halves {
  const scheme = defineScheme(definition);
  const time = { now: noon };
  const clock = () => time.now;
  return {
    signer: createSigner({ accessKey, secret, scheme, clock, nonce: () => nonce }),
    verifier: createVerifier({
      scheme,
      acceptFindings,
      clock,
      keys: memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }]),
      replay: memoryReplay({ clock }),
    }),
    time,
  };
}
