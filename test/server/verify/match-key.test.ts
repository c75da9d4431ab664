import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { SignatureError } from '../../../src/core/errors.ts';
import type { PresentedSignature, Scheme } from '../../../src/core/scheme.ts';
import { countersignV1 } from '../../../src/schemes/countersign-v1/scheme.ts';
import type { KeyRecord } from '../../../src/server/contracts.ts';
import { createBodyReader } from '../../../src/server/verify/body.ts';
import { createKeyMatcher, requireMatch } from '../../../src/server/verify/match-key.ts';
import type { Candidate } from '../../../src/server/verify/signatures.ts';

const secret = 'the secret of the shop';
const one: Scheme = { ...countersignV1, name: 'one' };
const two: Scheme = { ...countersignV1, name: 'two' };
const macOf = (text: string, key = secret) => new Uint8Array(createHmac('sha256', key).update(text).digest());

const candidate = (parts: Partial<PresentedSignature> = {}, scheme = one, accessKey = 'shop'): Candidate => ({
  scheme,
  accessKey,
  session: undefined,
  presented: {
    accessKey,
    time: 0,
    nonce: 'n',
    signatures: [macOf('text')],
    stringToSign: 'text',
    body: { kind: 'none' },
    ...parts,
  },
});

const record = (parts: Partial<KeyRecord> = {}): KeyRecord => ({
  accessKey: 'shop',
  service: 'shop',
  secrets: [{ secret }],
  ...parts,
});

const body = (text = 'text') =>
  createBodyReader(
    { method: 'POST', authority: 'a', target: '/', headers: new Headers(), body: new TextEncoder().encode(text) },
    100,
  );

type Given = {
  readonly records?: readonly KeyRecord[];
  readonly requireTimely?: () => void;
};

function matcherOf({ records = [record()], requireTimely = () => {} }: Given = {}) {
  const keys = { find: (accessKey: string) => records.find((found) => found.accessKey === accessKey) };
  const find = createKeyMatcher(keys, { schemes: [one, two], requireTimely });
  return (...candidates: readonly Candidate[]) => find(candidates, { now: 10, address: undefined, body: body() });
}

describe('the match of a signature', () => {
  it('has the secret that made it, or one of the signatures', async () => {
    const [match] = await matcherOf({
      records: [record({ secrets: [{ secret: 'another secret of it' }, { secret, id: 'mine' }] })],
    })(candidate({ signatures: [macOf('other'), macOf('text')] }));
    expect(match).toMatchObject({ stringToSign: 'text', secret: { secret: { id: 'mine' } } });
    expect(requireMatch(match, { now: 10, address: undefined }).secret).toBe(match.secret);
  });

  it('has none where no secret made it, and of an unknown key', async () => {
    const [wrong] = await matcherOf()(candidate({ signatures: [macOf('other')] }));
    expect(wrong).toMatchObject({ secret: undefined, record: { accessKey: 'shop' } });
    expect(() => requireMatch(wrong, { now: 10, address: undefined })).toThrow(
      expect.objectContaining({
        code: 'signature_mismatch',
        status: 401,
        message: 'No active secret of the key produces this signature for this request.',
      }),
    );
    const [unknown] = await matcherOf()(candidate({}, one, 'nobody'));
    expect([unknown.secret, unknown.record]).toEqual([undefined, undefined]);
  });

  it('is made with a key that is derived from the secret', async () => {
    const derived = countersignV1.createKey('a key of the day, derived');
    const [match] = await matcherOf()(
      candidate({ deriveKey: async () => derived, signatures: [macOf('text', 'a key of the day, derived')] }),
    );
    expect(match.secret?.secret).toMatchObject({ secret });
  });

  it('is that of the body, where the body is signed', async () => {
    const [match] = await matcherOf()(
      candidate({ stringToSign: (read) => `${new TextDecoder().decode(read)}!`, signatures: [macOf('text!')] }),
    );
    expect([match.stringToSign, match.refusal, match.secret?.secret]).toEqual(['text!', undefined, { secret }]);
  });

  it('reads no body for a key that cannot be used, nor for a signature that is not timely', async () => {
    const stringToSign = () => expect.fail('The body was read.');
    const late = () => {
      throw new SignatureError('stale_timestamp', 'Too old.', 401);
    };
    const [revoked] = await matcherOf({ records: [record({ revoked: true })] })(candidate({ stringToSign }));
    const [stale] = await matcherOf({ requireTimely: late })(candidate({ stringToSign }));
    expect(revoked).toMatchObject({ stringToSign: '', secret: undefined, refusal: { code: 'revoked_key' } });
    expect(stale.refusal?.code).toBe('stale_timestamp');
    expect(() => requireMatch(stale, { now: 10, address: undefined })).toThrow('Too old.');
  });

  it('passes on a fault that is none of the signature', async () => {
    const fault = new RangeError('a fault');
    const broken = () => {
      throw fault;
    };
    const matching = async (given: Given, presented: Partial<PresentedSignature>) =>
      matcherOf(given)(candidate(presented));
    await expect(matching({ requireTimely: broken }, { stringToSign: () => 'text' })).rejects.toBe(fault);
    await expect(matching({}, { stringToSign: broken })).rejects.toBe(fault);
    // Also where another signature is valid.
    const both = async () => matcherOf()(candidate({ stringToSign: broken }), candidate({}, two));
    await expect(both()).rejects.toBe(fault);
  });

  it('says that a secret cannot be used', async () => {
    await expect(
      (async () => matcherOf({ records: [record({ secrets: [{ secret: 'short' }] })] })(candidate()))(),
    ).rejects.toMatchObject({
      code: 'key_store_unavailable',
      status: 503,
      message: 'The key store returned a secret that no scheme can use.',
      cause: { code: 'invalid_credentials' },
    });
  });
});

describe('a secret that one scheme alone can use', () => {
  const createKey: Scheme['createKey'] = (given, hmac) => {
    if (given === secret) throw new SignatureError('invalid_credentials', 'It has no prefix.', 400);
    return countersignV1.createKey(given, hmac);
  };
  const strict: Scheme = { ...countersignV1, name: 'strict', createKey };
  const matching = async (given: Candidate, secrets: KeyRecord['secrets']) => {
    const find = createKeyMatcher(
      { find: () => record({ secrets }) },
      { schemes: [strict, one], requireTimely: () => {} },
    );
    return find([given], { now: 10, address: undefined, body: body() });
  };

  it('is no fault that a stranger sees who names the other one', async () => {
    await expect(matching(candidate({}, strict), [{ secret }])).rejects.toMatchObject({
      code: 'signature_mismatch',
      status: 401,
      message: 'A secret of the key cannot be used by the scheme strict, and no other made the signature.',
      cause: { code: 'invalid_credentials' },
    });
  });

  it('has another reason for a session, which a CryptoKey cannot issue', async () => {
    const algorithm = { name: 'HMAC', hash: 'SHA-256' };
    const key = await crypto.subtle.importKey('raw', new Uint8Array(32), algorithm, false, ['sign', 'verify']);
    const session = { parent: 'shop', accessKeys: ['shop~s1.e30'] } as unknown as NonNullable<Candidate['session']>;
    await expect(matching({ ...candidate(), session }, [{ secret: key }])).rejects.toMatchObject({
      code: 'signature_mismatch',
      message: expect.stringContaining('from which no session can be derived'),
    });
  });

  it('is not missed where another secret made the signature', async () => {
    const other = 'the other secret of the shop';
    const [match] = await matching(candidate({ signatures: [macOf('text', other)] }, strict), [
      { secret },
      { secret: other },
    ]);
    expect(match.secret?.secret).toMatchObject({ secret: other });
    const [valid] = await matching(candidate(), [{ secret }]);
    expect(valid.secret?.secret).toMatchObject({ secret });
  });
});

describe('a record', () => {
  it('may not share a secret with a scheme that signs what others choose', async () => {
    const findings = [
      {
        code: 'no-domain-separation',
        severity: 'medium',
        message: 'It signs the bare body.',
        attack: 'A body is chosen.',
      },
    ] as const;
    const foreign: Scheme = { ...countersignV1, name: 'foreign', findings };
    const find = (found: KeyRecord | undefined) => async () =>
      createKeyMatcher({ find: () => found }, { schemes: [one, foreign], requireTimely: () => {} })([candidate()], {
        ...{ now: 10, address: undefined, body: body() },
      });
    await expect(find(record())()).rejects.toMatchObject({ code: 'internal_error' });
    const [match] = await find(record({ secrets: [{ secret, scheme: 'one' }] }))();
    expect(match.secret?.secret).toMatchObject({ secret });
    const [unknown] = await find(undefined)();
    expect(unknown.record).toBeUndefined();
  });

  it('may allow one of the schemes, algorithms and addresses', async () => {
    const records = [record({ schemes: ['two'], algorithms: ['hmac-sha256'], addresses: ['192.0.2.0/24'] })];
    const context = { now: 10, address: '192.0.2.1' };
    const [refused] = await matcherOf({ records })(candidate());
    expect(() => requireMatch(refused, context)).toThrow('The key may not use the scheme one.');
    const [allowed] = await matcherOf({ records })(candidate({}, two));
    expect(requireMatch(allowed, context).record).toBe(records[0]);
    expect(() => requireMatch(allowed, { ...context, address: undefined })).toThrow('from this address');
  });
});

describe('several signatures of a request', () => {
  const valid = candidate({}, two);
  const wrong = candidate({ signatures: [macOf('other')] });

  it('count where they are valid', async () => {
    const both = await matcherOf()(candidate(), valid);
    expect(both.map((match) => match.candidate.scheme.name)).toEqual(['one', 'two']);
    const second = await matcherOf()(wrong, valid);
    expect(second.map((match) => match.candidate.scheme.name)).toEqual(['two']);
    const none = await matcherOf()(wrong, candidate({ signatures: [macOf('third')] }, two));
    expect(none.map((match) => match.candidate.scheme.name)).toEqual(['one']);
  });

  it('must be by one access key', async () => {
    const records = [record(), record({ accessKey: 'bank' })];
    const matching = async (...given: readonly Candidate[]) => matcherOf({ records })(...given);
    for (const given of [
      [candidate(), candidate({}, two, 'bank')],
      [candidate(), valid, candidate({}, two, 'bank')],
    ]) {
      await expect(matching(...given)).rejects.toMatchObject({
        code: 'signature_mismatch',
        status: 401,
        message: 'The signatures of the request are by different access keys.',
      });
    }
  });

  it('are tried one without the other', async () => {
    const records = [record(), record({ accessKey: 'bank', secrets: [{ secret: 'short' }] })];
    const bank = candidate({}, two, 'bank');
    for (const given of [
      [bank, candidate()],
      [candidate(), bank],
    ]) {
      const [match] = await matcherOf({ records })(...given);
      expect(match.candidate.accessKey).toBe('shop');
    }
    await expect((async () => matcherOf({ records })(bank))()).rejects.toMatchObject({ code: 'key_store_unavailable' });
  });

  it('count where their secret is active, or else the first does', async () => {
    const ended = { secret: 'the secret that has ended', expiresAt: 5 };
    const records = [record({ secrets: [{ secret }, ended] })];
    const late = candidate({ signatures: [macOf('text', ended.secret)] });
    const active = await matcherOf({ records })(late, valid);
    expect(active.map((match) => match.candidate.scheme.name)).toEqual(['two']);
    const retired = await matcherOf({ records })(late, candidate({ signatures: [macOf('text', ended.secret)] }, two));
    expect(retired.map((match) => match.candidate.scheme.name)).toEqual(['one']);
    expect(() => requireMatch(retired[0], { now: 10, address: undefined })).toThrow(
      expect.objectContaining({ code: 'retired_secret' }),
    );
    const single = await matcherOf({ records })(late);
    expect(single.map((match) => match.candidate.scheme.name)).toEqual(['one']);
  });
});
