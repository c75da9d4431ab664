import { createSigner, type SignatureError } from 'countersign';
import {
  aesSealer,
  createVerifier,
  type IssuedSecret,
  type KeyTable,
  type ManagedKeys,
  managedKeys,
  memoryReplay,
  pruneKeys,
} from 'countersign/server';
import { beforeEach, describe, expect, it } from 'vitest';

const day = 86_400_000;
const service = 'shop';
let drawn = 0;

/** What every key table must do where keys are deleted, and rows restored; `open` as in `keyTableContract`. */
export function keyDeletionContract(open: () => KeyTable): void {
  const sealer = aesSealer({ current: 'one', keys: { one: new Uint8Array(32).fill(7) } });
  let now = Date.UTC(2026, 10, 22, 12);
  const clock = () => now;
  let keys: ManagedKeys;
  beforeEach(() => {
    now += day;
    keys = managedKeys({ table: open(), secrets: sealer, clock });
  });

  /** The code with which a call with this secret is answered: at another server with the same table, or at that of `store`. */
  async function outcome(
    accessKey: string,
    secret: string | undefined,
    store = managedKeys({ table: open(), secrets: sealer, clock }),
  ) {
    const verifier = createVerifier({ keys: store, replay: memoryReplay({ clock }), clock });
    const signer = createSigner({ accessKey, secret: secret ?? '', clock });
    const result = await verifier.verify(await signer.sign(new Request('https://api.example.com/')));
    return result.ok ? 'accepted' : result.error.code;
  }
  const codeOf = (promise: Promise<unknown>) =>
    promise.then(
      () => 'done',
      (error: SignatureError) => error.code,
    );

  describe('a deletion', () => {
    it('ends a key at once, whatever its state, and leaves nothing of it', async () => {
      const { accessKey, secret } = await keys.create({ service });
      const other = await keys.create({ service });
      await keys.delete(accessKey);
      expect(await outcome(accessKey, secret)).toBe('unknown_key');
      expect(await keys.find(accessKey)).toBeUndefined();
      expect(JSON.stringify(await keys.list({ after: accessKey.slice(0, -1), limit: 1 }))).not.toContain(accessKey);
      expect(await codeOf(keys.delete(accessKey))).toBe('unknown_key');
      expect(await codeOf(keys.revoke(accessKey))).toBe('unknown_key');
      await keys.revoke(other.accessKey);
      await keys.delete(other.accessKey);
      expect(await outcome(other.accessKey, other.secret)).toBe('unknown_key');
    });

    it.each<[string, (store: ManagedKeys, accessKey: string) => Promise<unknown>]>([
      ['rotate', (store, accessKey) => store.rotate(accessKey)],
      ['revoke', (store, accessKey) => store.revoke(accessKey)],
      ['delete', (store, accessKey) => store.delete(accessKey)],
    ])('never lets a %s that was begun on the old key change the new one', async (_, change) => {
      const accessKey = `begun-${drawn++}-${process.pid}`;
      await keys.create({ service, accessKey });
      const table = open();
      let made: Promise<IssuedSecret> | undefined;
      const remake = async () => {
        await keys.delete(accessKey);
        return keys.create({ service: 'another', accessKey });
      };
      // Between the first time that the row is read, and what is made of it.
      const slow = managedKeys({
        table: {
          ...table,
          async read(name) {
            const row = await table.read(name);
            if (!made) {
              made = remake();
              await made;
            }
            return row;
          },
        },
        secrets: sealer,
        clock,
      });
      expect(await codeOf(change(slow, accessKey))).toBe('unknown_key');
      expect(await outcome(accessKey, (await made)?.secret)).toBe('accepted');
      expect(await keys.find(accessKey)).toMatchObject({ service: 'another', secrets: { length: 1 } });
    });

    it('lets the same access key be made again, with which no old secret verifies in servers that knew it', async () => {
      const accessKey = `again-${drawn++}-${process.pid}`;
      const outcomeHere = (given: string | undefined) => outcome(accessKey, given, keys);
      const first = await keys.create({ service, accessKey });
      expect(await outcomeHere(first.secret)).toBe('accepted');
      const elsewhere = managedKeys({ table: open(), secrets: sealer, clock });
      await elsewhere.delete(accessKey);
      const second = await elsewhere.create({ service: 'another', accessKey });
      expect(await outcomeHere(first.secret)).toBe('signature_mismatch');
      expect(await outcomeHere(second.secret)).toBe('accepted');
    });

    it('beside a rotation brings nothing of the old key into a new one of the same name', async () => {
      const accessKey = `crossed-${drawn++}-${process.pid}`;
      const first = await keys.create({ service, accessKey });
      const table = open();
      let second: { readonly secret: string | undefined } | undefined;
      const crossed: KeyTable = {
        ...table,
        async replace(key) {
          if (!second) {
            await keys.delete(accessKey);
            second = await keys.create({ service: 'another', accessKey });
          }
          return table.replace(key);
        },
      };
      const rotation = managedKeys({ table: crossed, secrets: sealer, clock }).rotate(accessKey);
      // Who asked for the secret of the old key gets none of the new one.
      expect(await codeOf(rotation)).toBe('unknown_key');
      expect((await keys.find(accessKey))?.service).toBe('another');
      expect(await outcome(accessKey, first.secret)).toBe('signature_mismatch');
      expect(await outcome(accessKey, second?.secret)).toBe('accepted');
    });

    it('of a version that is not the stored one deletes nothing', async () => {
      const { accessKey } = await keys.create({ service });
      const table = open();
      const version = (await table.read(accessKey))?.version ?? 0;
      expect(await table.delete(accessKey, version + 1)).toBe(false);
      expect(await table.delete('nobody', version)).toBe(false);
      expect(await table.delete(accessKey, version)).toBe(true);
      expect(await table.delete(accessKey, version)).toBe(false);
    });
  });

  describe('a row that is taken back to an earlier one', () => {
    it('verifies by what it holds, in servers that knew the later one', async () => {
      const table = open();
      const { accessKey, secret } = await keys.create({ service });
      const earlier = await table.read(accessKey);
      const later = await keys.rotate(accessKey, { overlap: 0 });
      const outcomeHere = (given: string | undefined) => outcome(accessKey, given, keys);
      expect(await outcomeHere(later.secret)).toBe('accepted');
      await keys.delete(accessKey);
      // As after a restore and one more change: another secret under a version that was there before.
      if (earlier) await table.insert({ ...earlier, version: earlier.version + 1 });
      expect(await outcomeHere(later.secret)).toBe('signature_mismatch');
      expect(await outcomeHere(secret)).toBe('accepted');
    });
  });

  describe('pruning', () => {
    it('deletes what expired or was revoked before the time, and nothing else', async () => {
      const table = open();
      const made = async (more: object = {}) => (await keys.create({ service, ...more })).accessKey;
      const living = await made();
      const ending = await made({ expiresAt: now + 400 * day });
      const expired = await made({ expiresAt: now + day });
      const revoked = await made();
      await keys.revoke(revoked);
      now += 50 * day;
      await keys.revoke(revoked);
      const later = await made();
      await keys.revoke(later);
      now += 50 * day;
      const endedBefore = now - 90 * day;
      const there = async () => {
        const found: string[] = [];
        for (const name of [living, ending, expired, revoked, later]) if (await table.read(name)) found.push(name);
        return found;
      };
      const looked = await pruneKeys({ table, endedBefore, dryRun: true });
      expect(looked.deleted).toEqual(expect.arrayContaining([expired, revoked]));
      expect(await there()).toHaveLength(5);
      expect((await pruneKeys({ table, endedBefore })).deleted).toEqual(looked.deleted);
      expect(await there()).toEqual([living, ending, later]);
      expect((await pruneKeys({ table, endedBefore })).deleted).toEqual([]);
      expect((await pruneKeys({ table, endedBefore: Number.NaN })).deleted).toEqual([]);
    });
  });
}
