import { createSigner, type SignatureError } from 'countersign';
import {
  aesSealer,
  createVerifier,
  derivedSecrets,
  type KeyTable,
  type ManagedKeys,
  managedKeys,
  memoryReplay,
  pruneKeys,
  resealKeys,
  secretState,
} from 'countersign/server';
import { beforeEach, describe, expect, expectTypeOf, it } from 'vitest';

const day = 86_400_000;
const service = 'shop';
let drawn = 0;

/** What every key table must do; `open` gives another access to the same memory, as from another server. */
export function keyTableContract(open: () => KeyTable): void {
  const sealer = aesSealer({ current: 'one', keys: { one: new Uint8Array(32).fill(7) } });
  let now = Date.UTC(2026, 10, 22, 12);
  const clock = () => now;
  let keys: ManagedKeys;
  beforeEach(() => {
    now += day;
    keys = managedKeys({ table: open(), secrets: sealer, clock });
  });

  /** The code with which a call with this secret is answered, at another server with the same table. */
  async function outcome(
    accessKey: string,
    secret: string | undefined,
    secrets: Parameters<typeof managedKeys>[0]['secrets'] = sealer,
  ) {
    const elsewhere = managedKeys({ table: open(), secrets, clock });
    const verifier = createVerifier({ keys: elsewhere, replay: memoryReplay({ clock }), clock });
    const signer = createSigner({ accessKey, secret: secret ?? '', clock });
    const result = await verifier.verify(await signer.sign(new Request('https://api.example.com/')));
    return result.ok ? 'accepted' : result.error.code;
  }
  const codeOf = (promise: Promise<unknown>) =>
    promise.then(
      () => 'done',
      (error: SignatureError) => error.code,
    );

  describe('a key', () => {
    it('is made once, with a secret that is told once, and works everywhere', async () => {
      const { accessKey, id, secret } = await keys.create({ service, scopes: ['orders:read'] });
      expectTypeOf(secret).toEqualTypeOf<string>();
      expect(secret).toMatch(/^csign_sk_live_/);
      expect(await outcome(accessKey, secret)).toBe('accepted');
      const found = await keys.find(accessKey);
      expect(found).toMatchObject({ accessKey, service, environment: 'live', scopes: ['orders:read'], createdAt: now });
      expect(found?.secrets).toMatchObject([{ id }]);
      expect(JSON.stringify([found, await keys.list()])).not.toContain(secret);
    });

    it('holds all that it was given', async () => {
      const wanted = {
        accessKey: `partner-${drawn++}-${process.pid}`,
        service: 'Größe & Söhne "x"; --',
        environment: 'test',
        scopes: ['a', 'b:c'],
        schemes: ['countersign-v1'],
        algorithms: ['hmac-sha256'],
        addresses: ['192.0.2.0/24', '2001:db8::/32'],
        notBefore: now - 1,
        expiresAt: now + day,
        explain: true,
      };
      await keys.create(wanted);
      expect(await keys.find(wanted.accessKey)).toMatchObject(wanted);
    });

    it('cannot be made twice, whatever the case of its letters is elsewhere', async () => {
      const accessKey = `Twice-${drawn++}-${process.pid}`;
      await keys.create({ service, accessKey });
      expect(await codeOf(keys.create({ service, accessKey }))).toBe('invalid_configuration');
      expect(await keys.find(accessKey.toLowerCase())).toBeUndefined();
      await keys.create({ service, accessKey: accessKey.toLowerCase() });
      expect((await keys.find(accessKey.toLowerCase()))?.accessKey).toBe(accessKey.toLowerCase());
    });

    it('that does not exist is not found, changed or used', async () => {
      expect(await keys.find('nobody')).toBeUndefined();
      expect(await codeOf(keys.rotate('nobody'))).toBe('unknown_key');
      expect(await codeOf(keys.revoke('nobody'))).toBe('unknown_key');
      await keys.touch('nobody', now);
      expect(await keys.find('nobody')).toBeUndefined();
    });

    it.each([
      { service: '' },
      { service, accessKey: '' },
      { service, accessKey: 'a b' },
      { service, accessKey: 'k'.repeat(65) },
      { service, environment: 'Live' },
      { service: 's'.repeat(256) },
      { service, addresses: ['nowhere'] },
    ])('as %j is refused', async (wanted) => {
      expect(await codeOf(keys.create(wanted))).toBe('invalid_configuration');
    });

    it('of a caller with a key pair holds the public half', async () => {
      const pair = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify']);
      const { publicKey } = pair as { readonly publicKey: Parameters<ManagedKeys['create']>[0]['publicKey'] & object };
      const { accessKey, secret } = await keys.create({ service, publicKey });
      expectTypeOf(secret).toEqualTypeOf<undefined>();
      expect(secret).toBeUndefined();
      const [found] = (await managedKeys({ table: open(), secrets: sealer }).find(accessKey))?.secrets ?? [];
      const spki = async (key: typeof publicKey) =>
        Buffer.from(await crypto.subtle.exportKey('spki', key)).toString('hex');
      expect(found?.publicKey && (await spki(found.publicKey))).toBe(await spki(publicKey));
    });
  });

  describe('the times of a key', () => {
    const seconds = () => Math.floor(now / 1000);
    it.each<[string, () => Readonly<Record<string, unknown>>, RegExp]>([
      ['seconds', () => ({ expiresAt: seconds() + 3600 }), /^expiresAt is \d{10}, not milliseconds.*seconds by 1000/],
      ['microseconds', () => ({ expiresAt: (now + day) * 1000 }), /^expiresAt is .*microseconds by 1000/],
      ['an ISO text', () => ({ expiresAt: '2027-01-01' }), /^expiresAt is the string "2027-01-01".*Date\.parse/],
      ['another text', () => ({ expiresAt: 'tomorrow' }), /^expiresAt is the string "tomorrow", not milliseconds/],
      ['digits in a text', () => ({ expiresAt: String(now + day) }), /^expiresAt is the text/],
      ['a Date', () => ({ expiresAt: new Date(now + day) }), /^expiresAt is a Date.*getTime/],
      ['NaN', () => ({ expiresAt: Number.NaN }), /^expiresAt is NaN/],
      ['Infinity', () => ({ expiresAt: Infinity }), /^expiresAt is Infinity.*leave it out/],
      ['null', () => ({ expiresAt: null }), /^expiresAt is null.*leave it out/],
      ['what has passed', () => ({ expiresAt: now }), /^expiresAt is 2\d{3}-.*Z, which has passed/],
      ['a beginning in seconds', () => ({ notBefore: seconds() }), /^notBefore is \d{10}.*seconds by 1000/],
      ['a beginning as text', () => ({ notBefore: '2027-01-01' }), /^notBefore is the text/],
      ['a beginning after the end', () => ({ notBefore: now + 2, expiresAt: now + 2 }), /never be valid/],
    ])('as %s are refused', async (_, times, message) => {
      const wanted = { service, accessKey: `times-${drawn++}-${process.pid}`, ...times() };
      await expect(keys.create(wanted)).rejects.toMatchObject({ code: 'invalid_configuration', message });
      expect(await keys.find(wanted.accessKey)).toBeUndefined();
    });

    it('come back with the secret', async () => {
      const expiresAt = now + 600_000;
      const issued = await keys.create({ service, expiresAt });
      expect(issued.expiresAt).toBe(expiresAt);
      expect((await keys.rotate(issued.accessKey)).expiresAt).toBe(expiresAt);
      expect(await keys.create({ service })).not.toHaveProperty('expiresAt');
      now = expiresAt;
      expect(await outcome(issued.accessKey, issued.secret)).toBe('expired_key');
    });
  });

  it('a misspelt option changes nothing', async () => {
    const unseen = (options: object): Record<never, never> => options;
    const { accessKey, secret } = await keys.create({ service });
    const refusals: ReadonlyArray<[act: () => Promise<unknown>, message: string]> = [
      [
        () => keys.create({ service, ...unseen({ expiresIn: 600 }) }),
        'create() has no option "expiresIn". Did you mean expiresAt?',
      ],
      [
        () => keys.create({ service, ...unseen({ expireAt: now + day }) }),
        'create() has no option "expireAt". Did you mean expiresAt?',
      ],
      [
        () => keys.create({ service, ...unseen({ scope: [] }) }),
        'create() has no option "scope". Did you mean scopes?',
      ],
      [() => keys.create({ service, ...unseen({ scopes: 'orders:read' }) }), 'scopes must be a list of strings.'],
      [() => keys.rotate(accessKey, unseen({ overlpa: 0 })), 'rotate() has no option "overlpa". Did you mean overlap?'],
      [
        () => keys.revoke(accessKey, unseen({ secrets: 'one' })),
        'revoke() has no option "secrets". Did you mean secret?',
      ],
      [() => keys.list(unseen({ services: 'one' })), 'list() has no option "services". Did you mean service?'],
      [
        () => pruneKeys({ table: open(), endedBefore: now, ...unseen({ dryrun: true }) }),
        'pruneKeys() has no option "dryrun". Did you mean dryRun?',
      ],
    ];
    for (const [act, message] of refusals) {
      await expect(act()).rejects.toMatchObject({ code: 'invalid_configuration', message });
    }
    expect(await outcome(accessKey, secret)).toBe('accepted');
    expect((await open().read(accessKey))?.secrets).toHaveLength(1);
  });

  describe('a rotation', () => {
    it('lets both secrets in for the overlap, and the new one alone from then on', async () => {
      const first = await keys.create({ service });
      const second = await keys.rotate(first.accessKey, { overlap: 3600 });
      expect(second.secret).not.toBe(first.secret);
      now += 3600_000 - 1;
      expect(await outcome(first.accessKey, first.secret)).toBe('accepted');
      expect(await outcome(first.accessKey, second.secret)).toBe('accepted');
      now += 1;
      expect(await outcome(first.accessKey, first.secret)).toBe('retired_secret');
      expect(await outcome(first.accessKey, second.secret)).toBe('accepted');
    });

    it('can begin later: the new secret verifies nothing before', async () => {
      const first = await keys.create({ service });
      const second = await keys.rotate(first.accessKey, { startsAt: now + 1000, overlap: 1 });
      expect(await outcome(first.accessKey, second.secret)).toBe('signature_mismatch');
      now += 1000;
      expect(await outcome(first.accessKey, first.secret)).toBe('accepted');
      expect(await outcome(first.accessKey, second.secret)).toBe('accepted');
      now += 1000;
      expect(await outcome(first.accessKey, first.secret)).toBe('retired_secret');
    });

    it('ends the secrets for one scheme too, unless it is for one scheme itself', async () => {
      const leaked = await keys.create({ service, scheme: 'countersign-v1' });
      const webhooks = await keys.rotate(leaked.accessKey, { scheme: 'github-webhooks', overlap: 0 });
      expect(await outcome(leaked.accessKey, leaked.secret)).toBe('accepted');
      const next = await keys.rotate(leaked.accessKey, { overlap: 0 });
      expect(await outcome(leaked.accessKey, leaked.secret)).toBe('retired_secret');
      expect(await outcome(leaked.accessKey, next.secret)).toBe('accepted');
      const states = (await open().read(leaked.accessKey))?.secrets.map((one) => [one.id, secretState(one, now)]);
      expect(states).toEqual([
        [leaked.id, 'revoked'],
        [webhooks.id, 'revoked'],
        [next.id, 'active'],
      ]);
      const own = await keys.rotate(leaked.accessKey, { scheme: 'countersign-v1', overlap: 0 });
      expect(await outcome(leaked.accessKey, next.secret)).toBe('accepted');
      expect(await outcome(leaked.accessKey, own.secret)).toBe('accepted');
    });

    it.each<[unknown]>([[['countersign-v1']], [''], [1], [null]])('refuses %j for a scheme', async (scheme) => {
      const unseen = (options: object) => options as { service: string; scheme: string };
      const { accessKey } = await keys.create({ service });
      const refused = { code: 'invalid_configuration', message: 'scheme must be the name of a scheme.' };
      await expect(keys.rotate(accessKey, unseen({ scheme }))).rejects.toMatchObject(refused);
      await expect(keys.create(unseen({ service, scheme }))).rejects.toMatchObject(refused);
      expect((await open().read(accessKey))?.secrets).toHaveLength(1);
    });

    it('never gives an old secret more time than it had', async () => {
      const first = await keys.create({ service });
      await keys.rotate(first.accessKey, { overlap: 10 });
      await keys.rotate(first.accessKey, { overlap: 1000 });
      now += 10_000;
      expect(await outcome(first.accessKey, first.secret)).toBe('retired_secret');
    });

    it('of many at once loses none of the secrets that it handed out, or says so', async () => {
      const { accessKey } = await keys.create({ service });
      const others = Array.from({ length: 6 }, () => managedKeys({ table: open(), secrets: sealer, clock }));
      const rotations = await Promise.allSettled(others.map((one) => one.rotate(accessKey, { overlap: 3600 })));
      const issued = rotations.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
      // Four secrets are the most that a key may have at a time.
      expect(issued).toHaveLength(3);
      for (const { secret } of issued) expect(await outcome(accessKey, secret)).toBe('accepted');
    });

    it.each<[Readonly<Record<string, unknown>>, RegExp]>([
      [{ overlap: -1 }, /^overlap is -1, not a number of seconds/],
      [{ overlap: Number.NaN }, /^overlap is/],
      [{ overlap: Infinity }, /^overlap is/],
      [{ overlap: '3600' }, /^overlap is "3600", not a number of seconds/],
      [{ startsAt: 1 }, /^startsAt is 1, not milliseconds/],
      [{ startsAt: 1_800_000_000 }, /^startsAt is 1800000000.*seconds by 1000/],
      [{ startsAt: '2027-01-01T00:00:00Z' }, /^startsAt is the text/],
      [{ startsAt: Date.UTC(2026, 0) }, /^startsAt is 2026-01-01T00:00:00\.000Z, which has passed/],
    ])('by %j is refused', async (rotation, message) => {
      const { accessKey } = await keys.create({ service });
      await expect(keys.rotate(accessKey, rotation)).rejects.toMatchObject({ code: 'invalid_configuration', message });
      expect((await open().read(accessKey))?.secrets).toHaveLength(1);
    });
  });

  describe('a revocation', () => {
    it('ends a key at once, and for good', async () => {
      const { accessKey, secret } = await keys.create({ service });
      await keys.revoke(accessKey);
      expect(await outcome(accessKey, secret)).toBe('revoked_key');
      expect(await codeOf(keys.rotate(accessKey))).toBe('revoked_key');
      await keys.revoke(accessKey);
      expect(await outcome(accessKey, secret)).toBe('revoked_key');
    });

    it('ends one secret of two', async () => {
      const first = await keys.create({ service });
      const second = await keys.rotate(first.accessKey);
      await keys.revoke(first.accessKey, { secret: first.id });
      expect(await outcome(first.accessKey, first.secret)).toBe('retired_secret');
      expect(await outcome(first.accessKey, second.secret)).toBe('accepted');
      expect(await codeOf(keys.revoke(first.accessKey, { secret: 'nothing' }))).toBe('invalid_configuration');
    });

    it('while the key is being rotated is not undone', async () => {
      const { accessKey, secret } = await keys.create({ service });
      const other = managedKeys({ table: open(), secrets: sealer, clock });
      await Promise.allSettled([keys.rotate(accessKey), other.revoke(accessKey), keys.rotate(accessKey)]);
      expect(await outcome(accessKey, secret)).toBe('revoked_key');
    });
  });

  describe('a list', () => {
    it('is in order, by owner, and page by page', async () => {
      const owner = `owner-${drawn++}-${process.pid}`;
      const made = await Promise.all(Array.from({ length: 5 }, () => keys.create({ service: owner })));
      const names = made.map(({ accessKey }) => accessKey).sort();
      const pages = [await keys.list({ service: owner, limit: 3 })];
      pages.push(await keys.list({ service: owner, limit: 3, after: pages[0]?.at(-1)?.accessKey ?? '' }));
      expect(pages.map((page) => page.length)).toEqual([3, 2]);
      expect(pages.flat().map(({ accessKey }) => accessKey)).toEqual(names);
      expect(await keys.list({ service: 'nobody at all' })).toEqual([]);
    });
  });

  describe('the last use', () => {
    it('only ever moves on, and undoes no change', async () => {
      const { accessKey, secret } = await keys.create({ service });
      const stored = async () => (await open().read(accessKey))?.lastUsedAt;
      await keys.touch(accessKey, now);
      await keys.touch(accessKey, now - 1000);
      expect(await stored()).toBe(now);
      await keys.revoke(accessKey);
      await keys.touch(accessKey, now + 1);
      expect(await stored()).toBe(now + 1);
      expect(await outcome(accessKey, secret)).toBe('revoked_key');
    });
  });

  describe('sealing anew', () => {
    const one = new Uint8Array(32).fill(7);
    const newer = aesSealer({ current: 'two', keys: { one, two: new Uint8Array(32).fill(8) } });
    const newest = aesSealer({ current: 'two', keys: { two: new Uint8Array(32).fill(8) } });
    const sealedBy = async (accessKey: string) =>
      (await open().read(accessKey))?.secrets.map(({ sealed }) => sealed?.split('.')[1]);

    it('leaves nothing that needs the old sealing key, and changes no secret', async () => {
      const first = await keys.create({ service });
      const second = await keys.rotate(first.accessKey, { overlap: 3600 });
      const ended = await keys.create({ service });
      await keys.revoke(ended.accessKey);
      expect(await outcome(first.accessKey, first.secret, newest)).toBe('key_store_unavailable');
      const { resealed, unopened } = await resealKeys({ table: open(), sealer: newer });
      expect(resealed).toBeGreaterThanOrEqual(3);
      expect(unopened).toEqual([]);
      expect([await sealedBy(first.accessKey), await sealedBy(ended.accessKey)]).toEqual([['two', 'two'], ['two']]);
      for (const { accessKey, secret } of [first, second]) {
        expect(await outcome(accessKey, secret, newest)).toBe('accepted');
      }
      expect(await outcome(ended.accessKey, ended.secret, newest)).toBe('revoked_key');
      expect((await resealKeys({ table: open(), sealer: newer })).resealed).toBe(0);
    });

    it('goes through more keys than are read at a time', async () => {
      const table = open();
      const few = await Promise.all(Array.from({ length: 230 }, () => keys.create({ service })));
      const { keys: seen, resealed } = await resealKeys({ table, sealer: newer });
      expect(seen).toBeGreaterThanOrEqual(230);
      expect(resealed).toBe(230);
      for (const { accessKey } of few) expect(await sealedBy(accessKey)).toEqual(['two']);
    });

    it('undoes no rotation and no revocation that comes in between, and is undone by none', async () => {
      const made = await Promise.all(Array.from({ length: 12 }, () => keys.create({ service })));
      const table = open();
      const crossedAlready = new Set<string>();
      // Changes each key after it was read to be sealed anew, and before it is stored.
      const crossed: KeyTable = {
        ...table,
        async read(accessKey) {
          const key = await table.read(accessKey);
          const place = made.findIndex((one) => one.accessKey === accessKey);
          const first = key !== undefined && !crossedAlready.has(accessKey);
          crossedAlready.add(accessKey);
          if (first && place % 3 === 0) await keys.rotate(accessKey, { overlap: 3600 });
          if (first && place % 3 === 1) await keys.revoke(accessKey);
          return key;
        },
      };
      const { resealed, unopened } = await resealKeys({ table: crossed, sealer: newer });
      expect([resealed, unopened]).toEqual([16, []]);
      const states = await Promise.all(made.map(({ accessKey, secret }) => outcome(accessKey, secret, newest)));
      expect(states).toEqual(made.map((_, place) => (place % 3 === 1 ? 'revoked_key' : 'accepted')));
      const names = await Promise.all(made.map(({ accessKey }) => sealedBy(accessKey)));
      expect(names.flat().every((name) => name === 'two')).toBe(true);
    });

    it('beside rotations at the same time loses none of the secrets that they handed out', async () => {
      const made = await Promise.all(Array.from({ length: 8 }, () => keys.create({ service })));
      const server = managedKeys({ table: open(), secrets: newer, clock });
      const [, ...rotated] = await Promise.all([
        resealKeys({ table: open(), sealer: newer }),
        ...made.map(({ accessKey }) => server.rotate(accessKey, { overlap: 3600 })),
      ]);
      await resealKeys({ table: open(), sealer: newer });
      for (const { accessKey, secret } of [...made, ...rotated]) {
        expect(await outcome(accessKey, secret, newest)).toBe('accepted');
      }
    });

    it('tells which secrets it cannot open, and seals the others anew', async () => {
      const { accessKey } = await keys.create({ service });
      const lost = aesSealer({ current: 'lost', keys: { lost: new Uint8Array(32).fill(6) } });
      const strange = await managedKeys({ table: open(), secrets: lost, clock }).rotate(accessKey, { overlap: 3600 });
      const { resealed, unopened } = await resealKeys({ table: open(), sealer: newer });
      expect(resealed).toBe(1);
      expect(unopened).toEqual([{ accessKey, id: strange.id }]);
      expect(await sealedBy(accessKey)).toEqual(['two', 'lost']);
    });

    it('passes over public keys, and what is derived', async () => {
      const pair = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify']);
      const { publicKey } = pair as { readonly publicKey: Parameters<ManagedKeys['create']>[0]['publicKey'] & object };
      const secrets = derivedSecrets({ master: new Uint8Array(32).fill(9) });
      await keys.create({ service, publicKey });
      await managedKeys({ table: open(), secrets, clock }).create({ service });
      expect((await resealKeys({ table: open(), sealer: newer })).resealed).toBe(0);
    });
  });

  describe('secrets that are derived', () => {
    it('work everywhere that has the master, differ by key and rotation, and are stored nowhere', async () => {
      const secrets = derivedSecrets({ master: new Uint8Array(32).fill(9) });
      const table = open();
      const derived = managedKeys({ table, secrets, clock });
      const first = await derived.create({ service });
      const second = await derived.rotate(first.accessKey);
      const other = await derived.create({ service });
      expect(new Set([first.secret, second.secret, other.secret]).size).toBe(3);
      for (const { accessKey, secret } of [first, second, other]) {
        expect(await outcome(accessKey, secret, secrets)).toBe('accepted');
      }
      const stored = JSON.stringify([await table.read(first.accessKey), await table.read(other.accessKey)]);
      for (const { secret } of [first, second, other]) expect(stored).not.toContain(secret?.slice(16, 60));
      const stranger = derivedSecrets({ master: new Uint8Array(32).fill(8) });
      expect(await outcome(first.accessKey, first.secret, stranger)).toBe('signature_mismatch');
    });
  });
}
