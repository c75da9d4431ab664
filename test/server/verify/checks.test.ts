import { describe, expect, it } from 'vitest';
import type { PresentedSignature } from '../../../src/core/scheme.ts';
import { requireAllowed, requireChallenge, requireFresh, requireScope } from '../../../src/server/verify/checks.ts';
import { errorText } from './error-text.ts';

const base: PresentedSignature = {
  accessKey: 'shop',
  time: undefined,
  nonce: 'n',
  signatures: [],
  stringToSign: '',
  body: { kind: 'none' },
};

/** Code and text of the error that a function throws, or `accepted`. */
function outcomeOf(run: () => void): string {
  try {
    run();
    return 'accepted';
  } catch (error) {
    return errorText(error);
  }
}

describe('freshness', () => {
  const now = 1_000_000;
  const fresh = (presented: Partial<PresentedSignature>, timeless = false): string =>
    outcomeOf(() => requireFresh({ ...base, ...presented }, { now, tolerance: 5000, timeless }));

  it.each<[Partial<PresentedSignature>, string]>([
    [{ time: now }, 'accepted'],
    [{ time: now - 5000 }, 'accepted'],
    [
      { time: now - 7000 },
      "401 stale_timestamp: The timestamp is 7 seconds old, 5 seconds are tolerated: set the caller's clock.",
    ],
    [{ time: now + 5000 }, 'accepted'],
    [
      { time: now + 7000 },
      "401 future_timestamp: The timestamp is 7 seconds ahead, 5 seconds are tolerated: set the caller's clock.",
    ],
    [
      { notBefore: now + 9000, expiresAt: now + 10_000 },
      "401 future_timestamp: The timestamp is 9 seconds ahead, 5 seconds are tolerated: set the caller's clock.",
    ],
    [{ notBefore: now + 5000, expiresAt: now + 10_000 }, 'accepted'],
    [{ notBefore: now - 1e6, expiresAt: now + 1 }, 'accepted'],
    [{ expiresAt: now }, '401 expired_signature: The signature has expired: sign again.'],
    [{ expiresAt: now + 1 }, 'accepted'],
    [{ expiresAt: now + 15_000, maxLifetime: 10_000 }, 'accepted'],
    [
      { expiresAt: now + 15_001, maxLifetime: 10_000 },
      '401 lifetime_too_long: The signature ends in 16 seconds, at most 10 are allowed.',
    ],
    [{ challenge: 'c' }, 'accepted'],
    [
      {},
      '401 insufficient_coverage: The signature covers neither a time nor a challenge, which this server does not accept.',
    ],
  ])('of %o', (presented, outcome) => {
    expect(fresh(presented)).toBe(outcome);
  });

  it('is not required of a signature without a time, where the provider accepts that finding', () => {
    expect(fresh({}, true)).toBe('accepted');
    expect(fresh({ time: now - 7000 }, true)).toContain('stale_timestamp');
  });
});

describe('a challenge', () => {
  const challenges = { lifetime: 60, issue: () => 'mine', accepts: (text: string) => text === 'mine' };
  const refusal = '401 invalid_challenge: The signature does not cover a recent challenge of this server: request one.';

  it('must be one of this server', () => {
    const check = (challenge: string | undefined) =>
      outcomeOf(() => requireChallenge({ ...base, challenge }, challenges));
    expect([check('mine'), check('another'), check(undefined)]).toEqual(['accepted', refusal, 'accepted']);
  });

  it('is refused by a server that issues none', () => {
    expect(outcomeOf(() => requireChallenge({ ...base, challenge: 'mine' }, undefined))).toBe(refusal);
  });
});

describe('a scope', () => {
  it('must be one of the key', () => {
    const check = (scopes: readonly string[] | undefined, scope: string | undefined) =>
      outcomeOf(() => requireScope(scopes ? { scopes } : {}, scope));
    expect(check(['orders:read'], 'orders:read')).toBe('accepted');
    expect(check(undefined, undefined)).toBe('accepted');
    const refusal = '403 insufficient_scope: The scopes of the key do not include orders:write.';
    expect(check(['orders:read'], 'orders:write')).toBe(refusal);
    expect(check(undefined, 'orders:write')).toBe(refusal);
    // The default must not grant anything.
    expect(check(undefined, 'Stryker was here')).not.toBe('accepted');
  });
});

describe('the use of a key', () => {
  const use = { scheme: 'countersign-v1', algorithm: 'hmac-sha256', address: '192.0.2.1' };
  const record = { accessKey: 'shop', service: 'shop', secrets: [] };

  it.each([
    [{}, use, 'accepted'],
    [{ schemes: ['countersign-v1'], algorithms: ['hmac-sha256'], addresses: ['192.0.2.0/24'] }, use, 'accepted'],
    [{ schemes: ['hawk'] }, use, '403 scheme_not_allowed: The key may not use the scheme countersign-v1.'],
    [{ algorithms: ['ed25519'] }, use, '403 scheme_not_allowed: The key may not use the algorithm hmac-sha256.'],
    [{ addresses: ['198.51.100.0/24'] }, use, '403 address_not_allowed: The key may not be used from this address.'],
    [
      { addresses: ['192.0.2.0/24'] },
      { ...use, address: undefined },
      '403 address_not_allowed: The key may not be used from this address.',
    ],
    [
      { addresses: ['anywhere'] },
      use,
      '503 key_store_unavailable: The key record is invalid: anywhere is neither an IP address nor a CIDR range.',
    ],
  ])('of a record with %o', (restrictions, given, outcome) => {
    expect(outcomeOf(() => requireAllowed({ ...record, ...restrictions }, given))).toBe(outcome);
  });

  it('parses the ranges of a record once', () => {
    let read = 0;
    const addresses = new Proxy(['192.0.2.0/24'], {
      get: (target, name, receiver) => {
        if (name === 'map') read += 1;
        return Reflect.get(target, name, receiver);
      },
    });
    for (let i = 0; i < 3; i++) requireAllowed({ ...record, addresses }, use);
    expect(read).toBe(1);
  });
});
