import { createSigner } from 'countersign';
import { createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
import { sqlKeys, sqlReplay, sqlRevokedSessions } from 'countersign/sql';
import { type Kysely, sql } from 'kysely';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { SqlServer } from './sql-servers.ts';
import { migrate, type World, worldOf } from './sql-world.ts';

/** How a database's statements are held up, found and killed. */
export type Faults = {
  server(): SqlServer;
  /** Locks both tables, and lets go of them, on one connection. */
  readonly lock: readonly string[];
  readonly unlock: string;
  /** Selects the `id` of each connection that waits for a lock. */
  readonly waiting: string;
  kill(id: number): string;
};

const secret = 'a secret of more than sixteen bytes';
const signer = createSigner({ accessKey: 'caller', secret });
const signed = () => signer.sign(new Request('https://api.example.com/v1/orders'));
const memory = memoryKeys([{ accessKey: 'caller', service: 'shop', secrets: [{ secret }] }]);

/** What must come of a server whose connections are lost. */
export function sqlFaults({ server, lock, unlock, waiting, kill }: Faults): void {
  let world: World;
  let url: string;
  let database: Kysely<unknown>;
  let admin: Kysely<unknown>;
  beforeEach(async () => {
    world = worldOf(server().url);
    url = await world.empty();
    database = world.open(url);
    admin = world.open(url);
    await migrate(database);
  });
  afterEach(() => world.close());

  const codeOf = async (verifier: ReturnType<typeof createVerifier>, request: Request) => {
    const result = await verifier.verify(request);
    return result.ok ? 'accepted' : `${result.error.code} ${result.response.status}`;
  };

  /** What comes of it once a pool has noticed which of its connections are dead. */
  const served = async (act: () => Promise<string>): Promise<string> => {
    let code = await act();
    while (code.endsWith('503')) code = await act();
    return code;
  };

  /** Does something while all that needs the tables waits. */
  const locked = <Value>(act: () => Promise<Value>): Promise<Value> =>
    admin.connection().execute(async (holder) => {
      for (const statement of lock) await sql.raw(statement).execute(holder);
      const value = await act();
      await sql.raw(unlock).execute(holder);
      return value;
    });

  /** Does something that has to wait, and kills all that waits. */
  const killed = <Value>(act: () => Promise<Value>): Promise<Value> =>
    locked(async () => {
      const acting = act();
      let ids: readonly number[] = [];
      while (ids.length === 0) ids = (await sql.raw<{ id: number }>(waiting).execute(admin)).rows.map(({ id }) => id);
      for (const id of ids) await sql.raw(kill(id)).execute(admin);
      return acting;
    });

  it('in the middle of a claim refuses, and goes on by itself', async () => {
    const verifier = createVerifier({ keys: memory, replay: sqlReplay({ database, timeout: 10_000 }) });
    const request = await signed();
    expect(await killed(() => codeOf(verifier, request.clone()))).toBe('replay_store_unavailable 503');
    expect(await served(() => codeOf(verifier, request.clone()))).toBe('accepted');
    expect(await codeOf(verifier, request)).toBe('replayed_request 401');
  });

  it('in the middle of a search for a key refuses, and goes on by itself', async () => {
    const table = sqlKeys({ database });
    await table.insert({
      accessKey: 'other',
      service: 'shop',
      environment: 'live',
      createdAt: 1,
      secrets: [],
      version: 1,
    });
    const keys = { find: async (name: string) => ((await table.read('other')) ? memory.find(name) : undefined) };
    const verifier = createVerifier({ keys, replay: memoryReplay() });
    const request = await signed();
    expect(await killed(() => codeOf(verifier, request.clone()))).toBe('key_store_unavailable 503');
    expect(await served(() => codeOf(verifier, request.clone()))).toBe('accepted');
  });

  it('is not waited for longer than the time-out', async () => {
    const { claim } = sqlReplay({ database, timeout: 100 });
    await locked(async () => {
      const claimed = claim('a', 'b', Date.now() + 60_000);
      await expect(claimed).rejects.toMatchObject({
        code: 'replay_store_unavailable',
        cause: expect.objectContaining({ message: 'No response within 100 ms.' }),
      });
    });
    expect(await claim('a', 'c', Date.now() + 60_000)).toBe('fresh');
  });

  it('is asked for no revoked session for longer than the time-out', async () => {
    const { has, revoke } = sqlRevokedSessions({ database, timeout: 100 });
    const session = { id: 'AAAAAAAAAAAAAAAA', expiresAt: Date.now() + 60_000 };
    const late = {
      code: 'session_store_unavailable',
      cause: expect.objectContaining({ message: 'No response within 100 ms.' }),
    };
    await locked(async () => {
      await expect(has({ accessKey: 'a', id: session.id })).rejects.toMatchObject(late);
      await expect(revoke({ accessKey: 'b', session })).rejects.toMatchObject(late);
    });
    const patient = sqlRevokedSessions({ database, timeout: 10_000 });
    expect(await patient.has({ accessKey: 'a', id: session.id })).toBe(false);
  });

  it('by the death of the server has forgotten nothing when it is back', { timeout: 60_000 }, async () => {
    const verifier = createVerifier({ keys: memory, replay: sqlReplay({ database, timeout: 5000 }) });
    const accepted: Request[] = [];
    const codes: string[] = [];
    let running = true;
    const worker = async () => {
      while (running) {
        const request = await signed();
        codes.push(await codeOf(verifier, request.clone()));
        if (codes.at(-1) === 'accepted') accepted.push(request);
        else await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    const workers = Promise.all([worker(), worker(), worker(), worker()]);
    await expect.poll(() => accepted.length, { timeout: 20_000 }).toBeGreaterThan(100);
    await server().kill();
    const before = accepted.length;
    await expect.poll(() => codes.at(-1)).toBe('replay_store_unavailable 503');
    await server().restart();
    await expect.poll(() => accepted.length, { timeout: 30_000 }).toBeGreaterThan(before + 50);
    running = false;
    await workers;
    expect(new Set(codes)).toEqual(new Set(['accepted', 'replay_store_unavailable 503']));
    for (const request of accepted.slice(Math.max(0, before - 50), before + 5)) {
      expect(await codeOf(verifier, request)).toBe('replayed_request 401');
    }
  });
}
