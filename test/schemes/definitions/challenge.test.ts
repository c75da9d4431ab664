import { challengeFetch, createSigner, generateCredentials, signedFetch } from 'countersign';
import { defineScheme, keyAndChallenge } from 'countersign/schemes';
import { createVerifier, memoryKeys, memoryReplay, signedChallenges } from 'countersign/server';
import { afterEach, describe, expect, it } from 'vitest';
import { noon } from '../../server/rig.ts';
import { type Bridge, startBridge } from '../../server-bridge.ts';
import { codesOf } from './tampering.ts';

const scheme = defineScheme(keyAndChallenge);
const credentials = generateCredentials();
const time = { now: noon };
const clock = () => time.now;
const challenges = signedChallenges({ clock });

let bridge: Bridge | undefined;
afterEach(() => bridge?.close());

async function start(): Promise<Bridge> {
  const { accessKey, secret } = credentials;
  bridge = await startBridge({
    verifier: createVerifier({
      keys: memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }]),
      replay: memoryReplay({ clock }),
      clock,
      scheme,
      challenges,
      acceptFindings: codesOf(scheme),
    }),
  });
  return bridge;
}

const codesAt = ({ exchanges }: Bridge) => exchanges.map(({ result }) => (result.ok ? 'ok' : result.error.code));

describe('keyAndChallenge over HTTP', () => {
  it('asks for its first challenge with one that nobody issued, and answers those that come', async () => {
    const at = await start();
    const api = challengeFetch(createSigner({ credentials, scheme }));
    for (const path of ['/1', '/2']) expect((await api(at.origin + path)).status).toBe(200);
    expect(codesAt(at)).toEqual(['invalid_challenge', 'ok', 'replayed_request', 'ok']);
  });

  it('takes one answer to a challenge, from whomever and for whatever it is sent again', async () => {
    const at = await start();
    const signer = createSigner({ credentials, scheme, challenge: () => challenge });
    const challenge = challenges.issue();
    const signed = await signer.sign(new Request(`${at.origin}/orders`));
    await fetch(signed.clone());
    await fetch(signed.clone());
    await fetch(`${at.origin}/admin`, { method: 'DELETE', headers: signed.headers });
    await signedFetch(signer)(`${at.origin}/orders`);
    expect(codesAt(at)).toEqual(['ok', 'replayed_request', 'replayed_request', 'replayed_request']);
  });

  it('takes no answer to a challenge that is of others, is made up, was changed or is over', async () => {
    const at = await start();
    const answer = async (challenge: string) => {
      const response = await signedFetch(createSigner({ credentials, scheme, challenge: () => challenge }))(at.origin);
      return response.status;
    };
    const issued = challenges.issue();
    const later = `${Number(issued.split('.')[0]) + 1}${issued.slice(issued.indexOf('.'))}`;
    for (const challenge of [signedChallenges({ clock }).issue(), 'made-up', later]) {
      expect(await answer(challenge)).toBe(401);
    }
    time.now += challenges.lifetime * 1000;
    expect(await answer(issued)).toBe(401);
    time.now -= 1;
    expect(await answer(issued)).toBe(200);
    expect(codesAt(at)).toEqual([...Array(4).fill('invalid_challenge'), 'ok']);
  });

  it('takes no signature of one challenge for another', async () => {
    const at = await start();
    const signer = createSigner({ credentials, scheme, challenge: () => challenges.issue() });
    const { headers } = await signer.sign(new Request(at.origin));
    headers.set('X-API-Challenge', challenges.issue());
    expect((await fetch(at.origin, { headers })).status).toBe(401);
    expect(codesAt(at)).toEqual(['signature_mismatch']);
  });
});
