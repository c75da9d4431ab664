import { createSigner, generateCredentials } from 'countersign';
import { createVerifier, type KeyRecord, type KeyStore, memoryKeys, memoryReplay } from 'countersign/server';
import { describe, expect, it } from 'vitest';
import { judge, noon, outcomeOf, received, refusal, rig, signedParts } from './rig.ts';

/** Verifies an honest request against what a store answers. */
async function answered(find: (accessKey: string) => unknown) {
  const { accessKey, secret } = generateCredentials();
  const clock = () => noon;
  const verifier = createVerifier({ keys: { find } as KeyStore, replay: memoryReplay({ clock }), clock });
  const parts = signedParts(createSigner({ accessKey, secret, clock }));
  return { result: await verifier.verify(received(parts)), secret };
}

describe('a key store', () => {
  it.each([
    ['undefined', () => undefined, 'unknown_key'],
    ['null, as databases do', () => null, 'unknown_key'],
    ['false', () => false, 'unknown_key'],
    ['a promise of nothing', async () => undefined, 'unknown_key'],
    ['a text', () => 'yes', 'unknown_key'],
    ['true', () => true, 'unknown_key'],
    ['an empty object', () => ({}), 'unknown_key'],
    ['a list', () => [], 'unknown_key'],
    ['a record without secrets', (accessKey: string) => ({ accessKey, service: 'a' }), 'key_store_unavailable'],
    ['secrets that are no list', (accessKey: string) => ({ accessKey, secrets: 'abc' }), 'key_store_unavailable'],
    ['a list of nothing', (accessKey: string) => ({ accessKey, secrets: [null] }), 'key_store_unavailable'],
    ['a short secret', (accessKey: string) => ({ accessKey, secrets: [{ secret: 'abc' }] }), 'key_store_unavailable'],
    ['an empty secret', (accessKey: string) => ({ accessKey, secrets: [{ secret: '' }] }), 'key_store_unavailable'],
    ['no secret', (accessKey: string) => ({ accessKey, secrets: [{}] }), 'key_store_unavailable'],
    [
      'a number for a secret',
      (accessKey: string) => ({ accessKey, secrets: [{ secret: 5 }] }),
      'key_store_unavailable',
    ],
    ['no secrets', (accessKey: string) => ({ accessKey, service: 'a', secrets: [] }), 'signature_mismatch'],
  ])('that answers %s lets nobody in', async (_, find, code) => {
    const { result } = await answered(find);
    expect(outcomeOf(result)).toBe(code);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('secret-connection-string');
      },
    ],
    ['rejects', () => Promise.reject(new Error('secret-connection-string'))],
    ['rejects with nothing', () => Promise.reject()],
  ])('that %s is answered with 503, and the cause stays inside', async (_, find) => {
    const { error, response } = refusal((await answered(find)).result);
    expect(error.code).toBe('key_store_unavailable');
    expect(response.status).toBe(503);
    expect(response.headers).toMatchObject({ 'Retry-After': '1', 'Cache-Control': 'no-store' });
    expect(response.body).not.toContain('connection-string');
  });

  const scoped = { scope: 'orders:read', address: '192.0.2.1' };
  it.each<[string, unknown, { readonly scope?: string; readonly address?: string }]>([
    ['scopes', 'orders:readonly', scoped],
    ['scopes', null, {}],
    ['scopes', { includes: () => true }, scoped],
    ['scopes', [5], {}],
    ['schemes', 'countersign-v1-old', {}],
    ['schemes', null, {}],
    ['algorithms', 'xhmac-sha256x', {}],
    ['addresses', '192.0.2.1', scoped],
    ['addresses', '', {}],
    ['notBefore', null, {}],
    ['notBefore', '', {}],
    ['expiresAt', `${noon * 2}`, {}],
    ['expiresAt', new Date(noon * 2), {}],
    ['expiresAt', true, {}],
  ])('whose record has the %s %j lets nobody in, and names the member', async (name, value, context) => {
    for (const inSecret of [false, true]) {
      if (inSecret && !/^(?:notBefore|expiresAt)$/.test(name)) continue;
      const { accessKey, secret } = generateCredentials();
      const own = { [name]: value };
      const record = { accessKey, service: 'a', secrets: [{ secret, ...(inSecret && own) }], ...(!inSecret && own) };
      const { signer, verifier } = rigWith({ accessKey, secret }, { find: () => record } as KeyStore);
      const { error } = refusal(await verifier.verify(received(signedParts(signer)), context));
      expect(error).toMatchObject({ code: 'key_store_unavailable', message: expect.stringContaining(name) });
    }
  });

  it('is told of a bad secret no louder than of a store that is down', async () => {
    const bad = await answered((accessKey) => ({ accessKey, service: 'a', secrets: [{ secret: 'too short' }] }));
    const down = await answered(() => Promise.reject(new Error('down')));
    expect(refusal(bad.result).response).toEqual(refusal(down.result).response);
  });

  it('that ignores case gives a key one name only', async () => {
    const secret = 'a secret of thirty-two characters';
    const clock = () => noon;
    const record: KeyRecord = { accessKey: 'partner', service: 'a', secrets: [{ secret }] };
    const keys: KeyStore = { find: (accessKey) => (accessKey.toLowerCase() === 'partner' ? record : undefined) };
    const verifier = createVerifier({ keys, replay: memoryReplay({ clock }), clock });
    for (const [accessKey, code] of [
      ['partner', 'ok'],
      ['Partner', 'unknown_key'],
      ['PARTNER', 'unknown_key'],
    ] as const) {
      expect(await judge(verifier, signedParts(createSigner({ accessKey, secret, clock })))).toBe(code);
    }
  });

  it('lets a caller in whose record came late', async () => {
    const { accessKey, secret } = generateCredentials();
    const record: KeyRecord = { accessKey, service: 'late', secrets: [{ secret }] };
    const { signer, verifier } = rigWith({ accessKey, secret }, { find: async () => record });
    expect(await judge(verifier, signedParts(signer))).toBe('ok');
  });
});

function rigWith({ accessKey, secret }: { accessKey: string; secret: string | Uint8Array }, keys: KeyStore) {
  const clock = () => noon;
  return {
    signer: createSigner({ accessKey, secret, clock }),
    verifier: createVerifier({ keys, replay: memoryReplay({ clock }), clock }),
  };
}

describe('an access key named like a part of every object', () => {
  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    '%s is unknown to memoryKeys',
    async (accessKey) => {
      const { verifier } = rig();
      const signer = createSigner({ accessKey, secret: 'a secret of thirty-two characters', clock: () => noon });
      expect(await judge(verifier, signedParts(signer))).toBe('unknown_key');
    },
  );
});

describe('memoryKeys', () => {
  const secret = 'a secret of thirty-two characters';
  const record: KeyRecord = { accessKey: 'partner', service: 'shop', secrets: [{ secret }] };

  it.each<[string, unknown, string]>([
    ['an access key with a space', { ...record, accessKey: 'a b' }, 'invalid_credentials'],
    ['an access key with a line break', { ...record, accessKey: 'a\nb' }, 'invalid_credentials'],
    ['no access key', { ...record, accessKey: undefined }, 'invalid_credentials'],
    ['a truncated access key', { ...record, accessKey: 'csign_ak_live_0123' }, 'invalid_credentials'],
    ['no service', { ...record, service: '' }, 'invalid_configuration'],
    ['no secrets', { ...record, secrets: [] }, 'invalid_configuration'],
    ['absent secrets', { ...record, secrets: undefined }, 'invalid_configuration'],
    ['a short secret', { ...record, secrets: [{ secret }, { secret: 'short' }] }, 'invalid_credentials'],
    ['an empty secret', { ...record, secrets: [{ secret: '' }] }, 'invalid_credentials'],
    ['short bytes', { ...record, secrets: [{ secret: new Uint8Array(15) }] }, 'invalid_credentials'],
    ['an absent secret', { ...record, secrets: [{}] }, 'invalid_credentials'],
  ])('refuses %s at once, and names no secret', (_, given, code) => {
    expect(() => memoryKeys([given as KeyRecord])).toThrow(expect.objectContaining({ code }));
    expect(() => memoryKeys([given as KeyRecord])).toThrow(expect.not.stringContaining('thirty-two'));
  });

  it('refuses one access key given twice', () => {
    expect(() => memoryKeys([record, { ...record }])).toThrow(
      expect.objectContaining({ code: 'invalid_configuration' }),
    );
  });

  it.each([
    ['bytes', () => new Uint8Array(32).fill(7)],
    ['a Buffer', () => Buffer.alloc(32, 7)],
  ])('keeps a copy of %s, so that wiping them afterwards makes no key of zeros', async (_, make) => {
    const bytes = make();
    const clock = () => noon;
    const keys = memoryKeys([{ ...record, secrets: [{ secret: bytes }] }]);
    const verifier = createVerifier({ keys, replay: memoryReplay({ clock }), clock });
    bytes.fill(0);
    const signedWith = (key: Uint8Array) => signedParts(createSigner({ accessKey: 'partner', secret: key, clock }));
    expect(await judge(verifier, signedWith(new Uint8Array(32)))).toBe('signature_mismatch');
    expect(await judge(verifier, signedWith(new Uint8Array(32).fill(7)))).toBe('ok');
  });

  it('is not changed by what happens to the records afterwards', async () => {
    const scopes = ['read'];
    const changed = { ...record, scopes, revoked: true };
    const keys = memoryKeys([changed]);
    scopes.push('admin');
    changed.revoked = false;
    expect(await keys.find('partner')).toMatchObject({ scopes: ['read'], revoked: true });
  });

  it('takes what generateCredentials makes, whose secret is hidden from spreading', async () => {
    const credentials = generateCredentials();
    const keys = memoryKeys([{ accessKey: credentials.accessKey, service: 'shop', secrets: [credentials] }]);
    const { signer, verifier } = rigWith(credentials, keys);
    expect(await judge(verifier, signedParts(signer))).toBe('ok');
  });
});

describe('a key of zeros', () => {
  it('stands in for unknown keys, and proves nothing', async () => {
    const { verifier } = rig();
    const signer = createSigner({ accessKey: 'nobody', secret: new Uint8Array(32), clock: () => noon });
    const { error, response } = refusal(await verifier.verify(received(signedParts(signer))));
    expect(error.code).toBe('unknown_key');
    expect(JSON.parse(response.body)).toMatchObject({ code: 'invalid_signature' });
  });
});

describe('a key of zeros and a key without a secret in use', () => {
  it.each<KeyRecord['secrets']>([[], [{ secret: 'ended long ago, in 2001', expiresAt: 1e12 }]])(
    'do not go together (%j)',
    async (...secrets) => {
      const record: KeyRecord = { accessKey: 'partner', service: 'a', secrets };
      const zeros = { accessKey: 'partner', secret: new Uint8Array(32) };
      const { signer, verifier } = rigWith(zeros, { find: () => record });
      const { error, response } = refusal(await verifier.verify(received(signedParts(signer))));
      expect(error.code).toBe('signature_mismatch');
      expect(JSON.parse(response.body)).toMatchObject({ code: 'invalid_signature' });
    },
  );
});

describe('a CryptoKey', () => {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const bytes = new Uint8Array(32).fill(9);
  const imported = (usages: KeyUsage[]) => crypto.subtle.importKey('raw', bytes, algorithm, false, usages);

  it('that may only verify lets honest calls in', async () => {
    const secret = await imported(['verify']);
    const { verifier, accessKey } = rig({ record: { secrets: [{ secret }] } });
    const signer = createSigner({ accessKey, secret: bytes, clock: () => noon });
    expect(await judge(verifier, signedParts(signer))).toBe('ok');
  });

  it('that may only verify answers a stale timestamp without countersignature', async () => {
    const secret = await imported(['verify']);
    const { verifier, accessKey, events } = rig({ record: { secrets: [{ secret }] } });
    const signer = createSigner({ accessKey, secret: bytes, clock: () => noon - 400_000 });
    const { error, response } = refusal(await verifier.verify(received(signedParts(signer))));
    expect(error.code).toBe('stale_timestamp');
    expect(response.status).toBe(401);
    expect(response.headers).not.toHaveProperty('X-API-Signature');
    expect(events.map(({ code }) => code)).toEqual(['stale_timestamp']);
  });

  it.each([
    ['may only sign', () => imported(['sign'])],
    [
      'is for another hash',
      () => crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-512' }, false, ['verify']),
    ],
  ])('that %s lets nobody in', async (_, key) => {
    const secret = await key();
    const { verifier, accessKey } = rig({ record: { secrets: [{ secret }] } });
    const signer = createSigner({ accessKey, secret: bytes, clock: () => noon });
    expect(await judge(verifier, signedParts(signer))).toBe('key_store_unavailable');
  });
});
