import { describe, expect, it } from 'vitest';
import type { Scheme } from '../../../src/core/scheme.ts';
import type { SessionKey } from '../../../src/core/session/access-key.ts';
import { countersignV1 } from '../../../src/schemes/countersign-v1/scheme.ts';
import type { KeyRecord, KeySecret } from '../../../src/server/contracts.ts';
import { findSecrets, type Trial } from '../../../src/server/verify/find-secrets.ts';
import { prepareKeys } from '../../../src/server/verify/prepared-keys.ts';
import type { SessionSecrets } from '../../../src/server/verify/session-secrets.ts';

const scheme: Scheme = { ...countersignV1 };
const prepared = prepareKeys(scheme);
const texts = ['the first secret of the shop', 'the second secret of the shop', 'the third secret of the shop'];
const [first = '', second = '', third = ''] = texts;

type Given = {
  readonly secrets?: readonly KeySecret[];
  readonly algorithm?: string;
  readonly session?: Partial<SessionKey>;
  readonly sessions?: Partial<SessionSecrets>;
};

const trialOf = ({ secrets, algorithm, session, sessions }: Given): Trial => ({
  candidate: {
    scheme,
    accessKey: 'shop',
    session: session as SessionKey | undefined,
    presented: {
      accessKey: 'shop',
      algorithm,
      time: 0,
      nonce: 'n',
      signatures: [],
      stringToSign: '',
      body: { kind: 'none' },
    },
  },
  record: secrets && ({ accessKey: 'shop', service: 'shop', secrets } satisfies KeyRecord),
  prepared,
  others: [prepared],
  now: 10,
  sessions: sessions as SessionSecrets,
});

async function foundIn(given: Given) {
  const { secrets, decoys } = await findSecrets(trialOf(given), []);
  return { secrets: secrets.map(({ secret }) => secret.secret), decoys: decoys.length };
}

describe('the secrets that may have made a signature', () => {
  it('are those that have started, the one that expires last first', async () => {
    const secrets = [
      { secret: first, expiresAt: 20 },
      { secret: second },
      { secret: third, expiresAt: 30 },
      { secret: 'a secret that is to come', notBefore: 11 },
    ];
    expect(await foundIn({ secrets })).toEqual({ secrets: [second, third, first], decoys: 0 });
    expect(await foundIn({ secrets: [{ secret: first, notBefore: 10 }] })).toEqual({ secrets: [first], decoys: 0 });
  });

  it('are sorted also where there are two', async () => {
    expect(await foundIn({ secrets: [{ secret: first, expiresAt: 20 }, { secret: second }] })).toEqual({
      secrets: [second, first],
      decoys: 0,
    });
  });

  it('keep their order where none expires', async () => {
    const secrets = [{ secret: first }, { secret: second, expiresAt: Infinity }, { secret: third }];
    expect(await foundIn({ secrets })).toEqual({ secrets: [first, second, third], decoys: 0 });
  });

  it('are of the algorithm that the signature states', async () => {
    expect(await foundIn({ secrets: [{ secret: first }], algorithm: 'hmac-sha256' })).toMatchObject({
      secrets: [first],
    });
    expect(await foundIn({ secrets: [{ secret: first }], algorithm: 'ed25519' })).toEqual({ secrets: [], decoys: 1 });
  });

  it('are none of an unknown key, for which a decoy takes as long', async () => {
    expect(await foundIn({})).toEqual({ secrets: [], decoys: 1 });
    expect(await foundIn({ secrets: [] })).toEqual({ secrets: [], decoys: 1 });
  });
});

describe('the secrets of a session', () => {
  const deriving = (calls: string[], outcome: (secret: KeySecret) => KeySecret | string | undefined) => ({
    derive: (_: SessionKey, parent: KeySecret) => {
      calls.push(typeof parent.secret === 'string' ? parent.secret : 'decoy');
      const own = outcome(parent);
      if (typeof own !== 'object') return own;
      const key = prepared.get(own);
      return key && { secret: own, key };
    },
  });
  const derived = { secret: 'the derived secret of a session' };

  it('are derived from each secret of the parent', async () => {
    const calls: string[] = [];
    const found = await foundIn({
      secrets: [{ secret: first }, { secret: second }],
      session: {},
      sessions: deriving(calls, () => derived),
    });
    expect(found).toEqual({ secrets: [derived.secret, derived.secret], decoys: 0 });
    expect(calls).toEqual([first, second]);
  });

  it('are derived from a decoy where the parent is unknown, or has none that can be used', async () => {
    for (const given of [{}, { secrets: [{ secret: first }] }]) {
      const calls: string[] = [];
      const sessions = deriving(calls, ({ secret }) => (typeof secret === 'string' ? 'No reason.' : derived));
      expect(await foundIn({ ...given, session: {}, sessions })).toEqual({ secrets: [], decoys: 1 });
      expect(calls.at(-1)).toBe('decoy');
    }
  });

  const binding = {} as NonNullable<SessionKey['binding']>;
  it('that is bound need no decoy where the tag was tried', async () => {
    const calls: string[] = [];
    const sessions = deriving(calls, () => undefined);
    const session = { binding };
    expect(await foundIn({ secrets: [{ secret: first }], session, sessions })).toEqual({ secrets: [], decoys: 0 });
    expect(calls).toEqual([first]);
    expect(await foundIn({ session, sessions: deriving(calls, () => derived) })).toEqual({ secrets: [], decoys: 1 });
    expect(calls).toEqual([first, 'decoy']);
  });

  it('that cannot be derived say why', async () => {
    const unusable: unknown[] = [];
    const trial = trialOf({ secrets: [{ secret: first }], session: {}, sessions: deriving([], () => 'No reason.') });
    await findSecrets(trial, unusable);
    expect(unusable).toEqual(['No reason.']);
  });
});
