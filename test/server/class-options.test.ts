import { createSigner, generateCredentials, issueBoundSession, issueSession } from 'countersign';
import { explainSignature } from 'countersign/explain';
import {
  aesSealer,
  createVerifier,
  derivedSecrets,
  type KeyRecord,
  type KeyStore,
  type KeyTable,
  managedKeys,
  memoryKeys,
  memoryKeyTable,
  memoryReplay,
  protect,
  type StoredKey,
  sessionHandler,
  type VerifyContext,
} from 'countersign/server';
import {
  type RequireSignatureOptions,
  requireSignature,
  testClock,
  testCredentials,
  testSigner,
} from 'countersign/testing';
import { describe, expect, it } from 'vitest';

// A getter of a class is no property of its objects: a spread leaves it out, and with it a restriction.

const credentials = generateCredentials();
const { accessKey, secret } = credentials;
const past = Date.now() - 86_400_000;
const future = Date.now() + 86_400_000;
const invalid = expect.objectContaining({ code: 'invalid_configuration' });
/** An object of a class with these getters. */
function classy<Value extends object>(values: Value): Value {
  class Given {}
  for (const [name, value] of Object.entries(values))
    Object.defineProperty(Given.prototype, name, { get: () => value });
  return new Given() as Value;
}

async function outcome(keys: KeyStore, signing: typeof credentials | ReturnType<typeof issueSession> = credentials) {
  const verifier = createVerifier({ keys, replay: memoryReplay() });
  const request = await createSigner({ credentials: signing }).sign('https://api.example.com/');
  const context: VerifyContext = { address: '203.0.113.1' };
  const result = await verifier.verify(request, context);
  return result.ok ? result.principal : result.error.code;
}

describe('a key record of a class', () => {
  const plain = { accessKey, service: 'shop', secrets: [{ secret }] };

  it.each<[code: string, restriction: Partial<KeyRecord>]>([
    ['expired_key', { expiresAt: past }],
    ['inactive_key', { notBefore: future }],
    ['revoked_key', { revoked: true }],
    ['address_not_allowed', { addresses: ['192.0.2.0/24'] }],
    ['scheme_not_allowed', { schemes: ['rfc9421'] }],
    ['scheme_not_allowed', { algorithms: ['ed25519'] }],
    ['retired_secret', { secrets: [classy({ secret, expiresAt: past })] }],
    ['signature_mismatch', { secrets: [classy({ secret, notBefore: future })] }],
  ])('is refused with %s in memoryKeys as in a store of its own, for %o', async (code, restriction) => {
    const record = classy({ ...plain, ...restriction });
    const refused = await outcome({ find: () => record });
    expect(typeof refused).toBe('string');
    expect(await outcome(memoryKeys([record]))).toBe(refused);
    expect(refused).toBe(code);
  });

  it('refuses sessions where it has sessions: false', async () => {
    const session = issueSession(credentials, { expiresIn: 60 });
    const record = classy({ ...plain, sessions: false as const });
    expect(await outcome(memoryKeys([record]), session)).toBe('session_not_allowed');
    expect(await outcome(memoryKeys([plain]), session)).toMatchObject({ service: 'shop' });
  });

  it('keeps all its values, those of its base class too', async () => {
    class Base {
      get scopes() {
        return ['orders:read'];
      }
    }
    class Derived extends Base {
      accessKey = accessKey;
      secrets = [classy({ secret, id: 'first' })];
      get service() {
        return 'shop';
      }
    }
    expect(await outcome(memoryKeys([new Derived()]))).toMatchObject({ service: 'shop', scopes: ['orders:read'] });
  });

  it('is refused with a misspelt getter', () => {
    const misspelt = classy({ ...plain, expireAt: past });
    expect(() => memoryKeys([misspelt])).toThrow(/no option "expireAt".* Did you mean expiresAt\?/);
    expect(() => memoryKeys([{ ...plain, secrets: [classy({ secret, expireAt: past })] }])).toThrow(invalid);
  });
});

describe('managedKeys', () => {
  const sealer = () => aesSealer({ current: 'a', keys: { a: crypto.getRandomValues(new Uint8Array(32)) } });

  it('stores what the getters of a class restrict', async () => {
    const table = memoryKeyTable();
    const keys = managedKeys({ table, secrets: sealer() });
    const restricted = {
      service: 'shop',
      scopes: ['orders:read'],
      addresses: ['192.0.2.0/24'],
      sessions: false as const,
      expiresAt: future,
      notBefore: past,
      schemes: ['rfc9421'],
      algorithms: ['ed25519'],
      explain: true,
      environment: 'test',
    };
    const issued = await keys.create(classy(restricted));
    expect(await table.read(issued.accessKey)).toMatchObject(restricted);
    expect(issued.expiresAt).toBe(future);
    const chosen = await keys.create(classy({ service: 'shop', accessKey: 'partner-7', scheme: 'rfc9421' }));
    expect(chosen.accessKey).toBe('partner-7');
    expect(await table.read('partner-7')).toMatchObject({ secrets: [{ scheme: 'rfc9421' }] });
  });

  it('refuses a misspelt getter', async () => {
    const keys = managedKeys({ table: memoryKeyTable(), secrets: sealer() });
    await expect(keys.create(classy({ service: 'shop', adresses: ['192.0.2.0/24'] }))).rejects.toThrow(invalid);
    const { accessKey: created } = await keys.create({ service: 'shop' });
    await expect(keys.rotate(created, classy({ overlapp: 0 }) as object)).rejects.toThrow(invalid);
    await expect(keys.revoke(created, classy({ secretId: 'a' }) as object)).rejects.toThrow(invalid);
  });

  /** A table whose rows are objects of a class, such as an object mapper returns. */
  function mapped(): KeyTable & { change(values: Partial<StoredKey>): void } {
    let row: StoredKey | undefined;
    const mappedRow = (key: StoredKey) => classy({ ...key, secrets: key.secrets.map(classy) });
    return {
      read: async () => row && mappedRow(row),
      async insert(key) {
        row = structuredClone(key);
        return true;
      },
      async replace(key) {
        row = JSON.parse(JSON.stringify(key)) as StoredKey;
        return true;
      },
      delete: async () => true,
      list: async () => (row ? [mappedRow(row)] : []),
      touch: async () => {},
      change(values) {
        if (row) row = { ...row, ...values };
      },
    };
  }

  it('regards the restrictions of a table whose rows are of a class, and their changes', async () => {
    const table = mapped();
    const secrets = derivedSecrets({ master: crypto.getRandomValues(new Uint8Array(32)) });
    const keys = managedKeys({ table, secrets });
    const issued = await keys.create({ service: 'shop' });
    expect(await outcome(keys, issued)).toMatchObject({ service: 'shop' });
    table.change({ addresses: ['192.0.2.0/24'] });
    expect(await outcome(keys, issued)).toBe('address_not_allowed');
    table.change({ expiresAt: past });
    expect(await outcome(keys, issued)).toBe('expired_key');
  });

  it('keeps them when it rotates and revokes', async () => {
    const table = mapped();
    const keys = managedKeys({ table, secrets: sealer() });
    const issued = await keys.create({ service: 'shop', addresses: ['192.0.2.0/24'] });
    const rotated = await keys.rotate(issued.accessKey, { overlap: 0 });
    expect(await outcome(keys, rotated)).toBe('address_not_allowed');
    const [ended, added] = (await table.read(issued.accessKey))?.secrets ?? [];
    expect([ended?.id, added?.id]).toEqual([issued.id, rotated.id]);
    expect(ended?.expiresAt).toBeLessThanOrEqual(Date.now());
    await keys.revoke(issued.accessKey);
    expect(await table.read(issued.accessKey)).toMatchObject({ service: 'shop', revoked: true });
  });
});

describe('sessionHandler', () => {
  const origin = 'https://app.example.com';
  const ask = async (granted: unknown, session: object = { expiresIn: 60 }) => {
    const authenticate = () => granted as object;
    const handle = sessionHandler({ credentials, authenticate, origins: [origin], session });
    const response = await handle(new Request(`${origin}/session`, { method: 'POST', headers: { origin } }));
    const issued = await response.json();
    return JSON.parse(Buffer.from(issued.accessKey.split('~s1.')[1], 'base64url').toString());
  };
  const bounds = { subject: 'user-7', scopes: ['orders:read'], methods: ['GET'], paths: ['/v1'] };

  it('gives a grant of a class what its getters allow, and no more', async () => {
    const claims = { u: 'user-7', s: ['orders:read'], m: ['GET'], p: ['/v1'] };
    expect(await ask(classy(bounds))).toMatchObject(claims);
    expect(await ask(Object.create(bounds))).toMatchObject(claims);
    expect(await ask({}, classy(bounds))).toMatchObject(claims);
  });

  it.each<[says: string, granted: unknown]>([
    ['a Response', new Response(null, { status: 401 })],
    ['an Error', new Error('Not logged in')],
    ['an Error', new TypeError('Not logged in')],
    ['a Map', new Map([['scopes', ['orders:read']]])],
    ['a Set', new Set(['orders:read'])],
    ['a Date', new Date()],
    ['a Headers', new Headers({ subject: 'user-7' })],
    ['a URLSearchParams', new URLSearchParams('subject=user-7')],
    ['a Uint8Array', new Uint8Array(3)],
  ])('issues nothing if authenticate returns %s', async (says, granted) => {
    await expect(ask(granted)).rejects.toThrow(invalid);
    const name = says.replace(/^an? /, '');
    await expect(ask(granted)).rejects.toThrow(new RegExp(`authenticate.*${name}`));
  });

  it('refuses unknown members, those of a class too', async () => {
    await expect(ask({ subject: 'user-7', scope: ['a'] })).rejects.toThrow(/"scope"/);
    await expect(ask(classy({ subject: 'user-7', scope: ['a'] }))).rejects.toThrow(/"scope"/);
    expect(() =>
      sessionHandler({
        credentials,
        authenticate: () => ({}),
        origins: [origin],
        session: classy({ scope: ['a'] }) as object,
      }),
    ).toThrow(invalid);
  });
});

describe('a getter that is undefined, or misspelt', () => {
  const verifier = createVerifier({ keys: memoryKeys([]), replay: memoryReplay() });

  it('is refused as a scope of a gate', () => {
    expect(() => protect(verifier, () => new Response(), classy({ scope: undefined as unknown as string }))).toThrow(
      invalid,
    );
    expect(() => protect(verifier, () => new Response(), classy({ scopes: ['a'] }) as object)).toThrow(/"scopes"/);
  });

  it.each([{ scopes: undefined }, { scope: ['a'] }])('is refused by issueSession: %o', (wrong) => {
    const options = classy({ expiresIn: 60, ...wrong });
    expect(() => issueSession(credentials, options as never)).toThrow(invalid);
    expect(() =>
      issueBoundSession(credentials, { ...wrong, expiresIn: 60, publicKey: 'A'.repeat(43) } as never),
    ).toThrow(invalid);
  });

  it('is refused by createVerifier', () => {
    const given = { keys: memoryKeys([]), replay: memoryReplay() };
    expect(() => createVerifier(classy({ ...given, tolerence: 30 }))).toThrow(/Did you mean tolerance/);
    class Extended {
      readonly keys = memoryKeys([]);
      readonly replay = memoryReplay();
      addres() {}
    }
    expect(() => createVerifier(new Extended())).toThrow(/"addres"/);
  });
});

it('verifies with options of a class as with plain ones', async () => {
  const keys = memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }]);
  const request = await createSigner({ credentials }).sign('https://internal.example/orders');
  expect((await explainSignature(request, classy({ keys }))).verified).toBe(true);
  const rules = { keys, publicOrigin: 'https://api.example.com', clock: () => Date.now() };
  expect(await explainSignature(request, classy(rules))).toMatchObject({ code: 'signature_mismatch' });
});

it('refuses in tests what the getters of a class refuse', async () => {
  const signed = () => testSigner().sign('https://api.example.com/orders');
  const session = createSigner({ credentials: issueSession(testCredentials, { expiresIn: 60 }) });
  const options = { report: () => {} };
  const status = async (restrictions: RequireSignatureOptions, request: Request) =>
    (await requireSignature(classy({ ...options, ...restrictions }))({ request }))?.status;
  const fresh = { clock: testClock };
  expect(await status(fresh, await signed())).toBeUndefined();
  expect(await status({ ...fresh, scope: 'admin' }, await signed())).toBe(403);
  expect(await status({}, await session.sign('https://api.example.com/orders'))).toBeUndefined();
  expect(await status({ sessions: false }, await session.sign('https://api.example.com/orders'))).toBe(403);
  expect(() => requireSignature({ scope: undefined as unknown as string })).toThrow(invalid);
});
