import { createHmac } from 'node:crypto';
import { type Credentials, createSigner, generateCredentials, issueSession } from 'countersign';
import {
  countersignV1,
  defineScheme,
  githubWebhooks,
  presign,
  rfc9421,
  type Scheme,
  signedLinks,
} from 'countersign/schemes';
import { createVerifier, memoryKeys, memoryReplay, signedChallenges, type VerifierOptions } from 'countersign/server';
import { describe, expect, it } from 'vitest';
import { answering } from './answering.ts';
import { noon } from './rig.ts';

const second = 1000;
const margin = 5 * second;
const tolerance = 100;
const { accessKey, secret } = generateCredentials();
const address = 'https://api.example.com/v1/orders';
const scope = { region: 'eu-west-1', service: 'execute-api' };

/** What verifiers of one configuration tell their store, which has forgotten everything each time. */
function verifiers(options: Partial<VerifierOptions>) {
  const time = { now: noon };
  const claims: Array<number | undefined> = [];
  const clock = () => time.now;
  const verify = async (request: Request) => {
    const replay = memoryReplay({ clock });
    const verifier = createVerifier({
      keys: memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }]),
      tolerance,
      clock,
      ...options,
      replay: {
        claim(...claim) {
          claims.push(claim[3]);
          return replay.claim(...claim);
        },
      },
    });
    return (await verifier.verify(request.clone(), { accessKey })).ok;
  };
  return { time, claims, clock, verify };
}

type Case = { readonly name: string; readonly scheme: Scheme; readonly credentials?: Credentials };

const session = issueSession({ accessKey, secret }, { expiresIn: 600, clock: () => noon });
const cases: readonly Case[] = [
  { name: 'a request with a time', scheme: countersignV1 },
  { name: 'one with a time and an end', scheme: rfc9421({ expires: 60 }) },
  { name: 'one of a session', scheme: countersignV1, credentials: session },
  { name: 'a link that works once', scheme: signedLinks({ maxLifetime: 600, once: true }) },
  { name: 'a presigned address', scheme: presign({ ...scope, expires: 600 }) },
  { name: 'a presigned address of a session', scheme: presign({ ...scope, expires: 600 }), credentials: session },
];

describe('the time before which nobody can have accepted', () => {
  it.each(cases)('$name is that before which every verifier refuses it', async ({ scheme, credentials }) => {
    const { time, claims, clock, verify } = verifiers({ scheme });
    const signer = createSigner({ ...(credentials ?? { accessKey, secret }), scheme, clock });
    const request = await signer.sign(address);
    for (const now of [noon, noon + 30 * second, noon - 30 * second]) {
      time.now = now;
      expect(await verify(request)).toBe(true);
    }
    const [first = NaN] = claims;
    expect(claims).toEqual([first, first, first]);
    time.now = first + margin - 1;
    expect(await verify(request)).toBe(false);
    time.now = first + margin;
    expect(await verify(request)).toBe(true);
  });

  it('a link of a shorter life is still that of the longest, since it does not state its beginning', async () => {
    const { claims, clock, verify } = verifiers({ scheme: signedLinks({ maxLifetime: 600, once: true }) });
    const short = createSigner({ accessKey, secret, scheme: signedLinks({ maxLifetime: 20, once: true }), clock });
    expect(await verify(await short.sign(address))).toBe(true);
    expect(claims).toEqual([noon + 20 * second - 600 * second - tolerance * second - margin]);
  });

  it('an answer to a challenge could not be given before the earliest challenge that is still accepted', async () => {
    const challenges = signedChallenges({ lifetime: 900, clock: () => noon });
    const { claims, time, verify } = verifiers({ challenges, scheme: answering() });
    const signer = createSigner({ accessKey, secret, scheme: answering(), challenge: challenges.issue });
    time.now += 10 * second;
    expect(await verify(await signer.sign(address))).toBe(true);
    expect(claims).toEqual([time.now - 900 * second - margin]);
  });

  it('a webhook without a time is as long ago as it is remembered', async () => {
    const { claims, time, verify } = verifiers({
      scheme: defineScheme(githubWebhooks),
      acceptFindings: ['no-timestamp'],
      timelessMemory: 7200,
    });
    const body = '{"id":1}';
    const signature = createHmac('sha256', secret).update(body).digest('hex');
    const delivery = new Request(address, {
      method: 'POST',
      body,
      headers: { 'x-hub-signature-256': `sha256=${signature}` },
    });
    expect(await verify(delivery)).toBe(true);
    time.now += 50 * second;
    expect(await verify(delivery)).toBe(true);
    expect(claims).toEqual([0, 50 * second].map((later) => noon + later - 7200 * second - margin));
  });

  it('a signature with nothing but an end is unknown', async () => {
    const scheme: Scheme = {
      ...countersignV1,
      read: (message) => ({ ...countersignV1.read(message), time: undefined, expiresAt: noon + second }),
    };
    const { claims, verify } = verifiers({ scheme });
    expect(await verify(await createSigner({ accessKey, secret, clock: () => noon }).sign(address))).toBe(true);
    expect(claims).toEqual([undefined]);
  });
});
