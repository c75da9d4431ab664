import { createServer } from 'node:http';
import { createSigner, generateCredentials, retirementFetch } from 'countersign';
import { forwardAuth } from 'countersign/gateway';
import { createKitServer } from 'countersign/kit';
import { boundedSink, createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
import { expect, it, onTestFinished } from 'vitest';
import { listening } from '../adapters/adapter.ts';

/** What is called in each place, and fails asynchronously: Node.js ends the process for a rejection that nobody handles. */
const places: Readonly<Record<string, (failing: () => Promise<never>) => Promise<unknown>>> = {
  async onRetirement(failing) {
    const fetch = async () => new Response(null, { headers: { 'X-API-Secret-Retires': '1' } });
    const signer = createSigner(generateCredentials());
    return retirementFetch(signer, { fetch, onRetirement: failing })('https://api.example.com/');
  },
  async onLoss(failing) {
    const sink = boundedSink(() => Promise.reject(new Error('full')), { onLoss: failing });
    await createVerifier({ keys: memoryKeys([]), replay: memoryReplay(), audit: sink }).verify(
      new Request('https://api.example.com/'),
    );
    return sink.idle();
  },
  async onRequest(failing) {
    const server = createKitServer({ credentials: generateCredentials(), onRequest: failing });
    return server.handle(new Request('https://api.example.com/'));
  },
  async report(failing) {
    const verifier = createVerifier({ keys: memoryKeys([]), replay: memoryReplay() });
    const far = { dialect: 'envoy', proxies: ['192.0.2.1'], report: failing } as const;
    const app = await listening(createServer(forwardAuth(verifier, far)));
    onTestFinished(() => app.close());
    return fetch(app.origin);
  },
};

it.each(Object.keys(places))('ignores a rejection of %s', async (name) => {
  const unhandled: unknown[] = [];
  const note = (cause: unknown) => void unhandled.push(cause);
  process.on('unhandledRejection', note);
  onTestFinished(() => void process.off('unhandledRejection', note));
  let calls = 0;
  await places[name]?.(async () => {
    calls++;
    throw new Error('no network');
  });
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect([calls, unhandled]).toEqual([1, []]);
});
