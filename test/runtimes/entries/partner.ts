// A Worker behind a service binding, which verifies.
import { createVerifier, memoryKeys, memoryReplay, protect } from 'countersign/server';
import { accessKey, secret } from '../../docs/prelude.ts';

/** Creates what a request needs at the first request: Workers have no randomness before. */
export function createPartner(): (request: Request) => Promise<Response> {
  const verifier = createVerifier({
    keys: memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }]),
    replay: memoryReplay(),
  });
  return protect(
    verifier,
    async (request) => new Response(`${request.method} ${request.url}: ${await request.text()}`),
  );
}
