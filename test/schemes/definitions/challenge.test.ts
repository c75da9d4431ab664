import { answeringFetch, generateCredentials } from 'countersign';
import { defineScheme, keyAndChallenge } from 'countersign/schemes';
import { createVerifier, memoryKeys, memoryReplay, signedChallenges } from 'countersign/server';
import { expect, it } from 'vitest';
import { startBridge } from '../../server-bridge.ts';
import { codesOf } from './tampering.ts';

it('keyAndChallenge asks for its first challenge with one that nobody issued, and answers those that come', async () => {
  const credentials = generateCredentials();
  const { accessKey, secret } = credentials;
  const scheme = defineScheme(keyAndChallenge);
  const bridge = await startBridge({
    verifier: createVerifier({
      keys: memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }]),
      replay: memoryReplay(),
      scheme,
      challenges: signedChallenges(),
      accept: codesOf(scheme),
    }),
  });
  const api = answeringFetch({ credentials, scheme });
  for (const path of ['/1', '/2']) expect((await api(bridge.origin + path)).status).toBe(200);
  const codes = bridge.exchanges.map(({ result }) => (result.ok ? 'ok' : result.error.code));
  expect(codes).toEqual(['invalid_challenge', 'ok', 'replayed_request', 'ok']);
  await bridge.close();
});
