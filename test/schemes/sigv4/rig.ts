import type { Scheme } from 'countersign/schemes';
import { createVerifier, memoryKeys, memoryReplay, type Verifier, type VerifierOptions } from 'countersign/server';
import { accessKey, secret } from './peers.ts';

/** A verifier that knows the credentials of the AWS test suite. */
export const verifierOf = (scheme: Scheme | readonly Scheme[], more: Partial<VerifierOptions> = {}): Verifier =>
  createVerifier({
    keys: memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }]),
    replay: memoryReplay(),
    scheme,
    ...more,
  });
