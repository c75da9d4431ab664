import { createSigner, generateCredentials } from 'countersign';
import {
  type AuditEvent,
  countersignV1,
  createVerifier,
  type KeyRecord,
  memoryReplay,
  type Scheme,
} from 'countersign/server';
import { describe, expect, it } from 'vitest';
import { type Fault, faults, type World } from './faults.ts';
import { noon, received, refusal, signedParts } from './rig.ts';

const at = (code: string): Fault => {
  const fault = faults.find((one) => one.code === code);
  if (!fault) throw new Error(`There is no fault ${code}.`);
  return fault;
};
const proof = at('signature_mismatch');

/** Verifies a request with all these faults. */
async function verifyWith(given: readonly Fault[], change: Partial<KeyRecord> = {}) {
  const { accessKey, secret } = generateCredentials();
  const signer = createSigner({ accessKey, secret, clock: () => noon, signedHeaders: ['x-tenant'] });
  const world: World = {
    now: noon,
    record: { accessKey, service: 'shop', secrets: [{ secret }], scopes: ['orders:read'], ...change },
    storeDown: false,
    addressSpent: false,
    keySpent: false,
    replayed: false,
    context: { address: '192.0.2.1', scope: 'orders:read' },
    parts: signedParts(signer, { method: 'POST', body: 'body', headers: { 'x-tenant': 'a' } }),
  };
  const steps: string[] = [];
  const returned: string[] = [];
  const events: AuditEvent[] = [];
  const replay = memoryReplay({ clock: () => world.now });
  const scheme: Scheme = {
    ...countersignV1,
    createKey(bytes) {
      const key = countersignV1.createKey(bytes);
      return {
        ...key,
        verify(data, signature) {
          steps.push('mac');
          return key.verify(data, signature);
        },
      };
    },
  };
  const limiter = (name: string, spent: () => boolean) => ({
    async consume(key: string) {
      steps.push(`${name} ${key}`);
      if (spent()) return Promise.reject({ msBeforeNext: 1500 });
    },
    async reward(key: string) {
      returned.push(`${name} ${key}`);
    },
  });
  const verifier = createVerifier({
    scheme,
    clock: () => world.now,
    keys: {
      async find() {
        steps.push('find');
        if (world.storeDown) throw new Error('The database is gone.');
        return world.record;
      },
    },
    replay: {
      claim(...claim) {
        steps.push('claim');
        return replay.claim(...claim);
      },
    },
    limits: {
      byAddress: limiter('byAddress', () => world.addressSpent),
      byKey: limiter('byKey', () => world.keySpent),
    },
    audit: (event) => {
      events.push(event);
    },
  });
  for (const fault of given) fault.apply(world);
  if (world.replayed) {
    // As if it had come before, whatever is wrong with it now.
    replay.claim(accessKey, world.parts.headers['x-api-nonce'] ?? '', world.now + 1000_000);
  }
  const result = await verifier.verify(received(world.parts), world.context);
  return { result, steps, returned, events, accessKey };
}

describe('an honest request', () => {
  it('passes all ten steps in order', async () => {
    const { result, steps, returned, events, accessKey } = await verifyWith([]);
    expect(result.ok).toBe(true);
    expect(steps).toEqual(['byAddress 192.0.2.1', 'find', 'mac', 'claim', `byKey ${accessKey}`]);
    expect(returned).toEqual(['byAddress 192.0.2.1']);
    expect(events).toMatchObject([{ outcome: 'accepted', code: undefined, accessKey, service: 'shop' }]);
  });
});

describe('each fault', () => {
  it.each(faults)('$code (step $step) is answered with $status', async (fault) => {
    const { result, steps, events } = await verifyWith([fault]);
    const { error, response } = refusal(result);
    expect({ code: error.code, status: error.status, name: error.name }).toEqual({
      code: fault.code,
      status: fault.status,
      name: 'SignatureError',
    });
    const unproved = /unknown_key|signature_mismatch/.test(fault.code);
    const told = unproved ? 'invalid_signature' : fault.code;
    expect(response.status).toBe(fault.status);
    expect(JSON.parse(response.body)).toMatchObject({ type: 'about:blank', status: fault.status, code: told });
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({
      outcome: 'refused',
      code: fault.code,
      message: expect.stringContaining(error.message),
    });
    expect(steps.includes('claim')).toBe(fault.step >= 8);
  });

  const pairs = faults.flatMap((first) =>
    faults.filter(({ step }) => step > first.step).map((second) => ({ first, second })),
  );
  it.each(pairs)('$first.code hides $second.code', async ({ first, second }) => {
    const { result, steps, events } = await verifyWith([second, first]);
    expect(refusal(result).error.code).toBe(first.code);
    expect(events.map(({ code }) => code)).toEqual([first.code]);
    // A refused request must not spend its nonce, or whoever reads it on the way could spend it first.
    expect(steps.includes('claim')).toBe(first.step >= 8);
  });
});

it('a replay costs the address a point, and the key none', async () => {
  const { steps, returned, accessKey } = await verifyWith([at('replayed_request')]);
  expect(steps).not.toContain(`byKey ${accessKey}`);
  expect(returned).toEqual([]);
});

describe('what a stranger learns of keys', () => {
  const secretive = faults.filter(({ hidden }) => hidden);

  it('is nothing: all replies are the same to the byte', async () => {
    const replies: string[] = [];
    for (const fault of secretive) {
      const { result } = await verifyWith([fault, proof]);
      expect(refusal(result).error.code).toBe(fault.code);
      replies.push(JSON.stringify(refusal(result).response));
    }
    expect(new Set(replies).size).toBe(1);
    expect(replies[0]).toContain('invalid_signature');
    expect(replies[0]).not.toMatch(/unknown|revoked|expired|inactive|mismatch/);
  });

  it('is no more from a timestamp, a body or a scope that is wrong too', async () => {
    const others = ['stale_timestamp', 'future_timestamp', 'body_digest_mismatch', 'replayed_request'].map(at);
    const plain = refusal((await verifyWith([proof])).result).response;
    for (const other of others) expect(refusal((await verifyWith([proof, other])).result).response).toEqual(plain);
  });

  it('takes as many MACs for an unknown key, and for one without a secret in use, as for a known one', async () => {
    const macs = async (...given: Parameters<typeof verifyWith>) =>
      (await verifyWith(...given)).steps.filter((step) => step === 'mac').length;
    expect(await macs([])).toBe(1);
    expect(await macs([at('unknown_key')])).toBe(1);
    expect(await macs([at('revoked_key')])).toBe(1);
    expect(await macs([], { secrets: [] })).toBe(1);
    expect(await macs([], { secrets: [{ secret: 'ended long ago, in 2001', expiresAt: 1e12 }] })).toBe(1);
  });

  it('is the precise code where the key explains', async () => {
    for (const fault of secretive.filter(({ code }) => code !== 'unknown_key')) {
      const { result } = await verifyWith([fault, proof], { explain: true });
      expect(JSON.parse(refusal(result).response.body)).toMatchObject({ code: fault.code });
    }
  });
});

describe('a caller who has proved the key', () => {
  it.each(['revoked_key', 'expired_key', 'inactive_key'])('is told %s', async (code) => {
    const { response } = refusal((await verifyWith([at(code)])).result);
    expect(JSON.parse(response.body)).toMatchObject({ code });
    expect(response.headers['WWW-Authenticate']).toContain(`error="${code}"`);
  });
});
