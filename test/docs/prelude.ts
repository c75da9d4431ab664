// What examples use without declaring it: what the reader has from an example above it.
import { createSigner, generateCredentials, type Signer } from 'countersign';
import { createVerifier, memoryKeys, memoryReplay, type Verifier } from 'countersign/server';

const credentials = generateCredentials();

export const accessKey: string = credentials.accessKey;
export const secret: string = credentials.secret;
export const signer: Signer = createSigner({ accessKey, secret });
export const verifier: Verifier = createVerifier({
  keys: memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }], scopes: ['orders:write'] }]),
  replay: memoryReplay(),
});
