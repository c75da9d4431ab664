import { prepareRedisReplay, redisRevokedSessions } from 'countersign/redis';
import { createClient } from 'redis';
import { afterEach, describe, expect, it } from 'vitest';
import { present } from '../vectors/present.ts';
import { startRedis } from './redis-server.ts';

let closing: Array<() => Promise<void>> = [];
afterEach(async () => {
  for (const close of closing.reverse()) await close();
  closing = [];
});

async function world(settings: readonly string[] = [], timeout = 500) {
  const server = await startRedis(settings);
  const client = createClient({ url: `redis://127.0.0.1:${server.port}`, disableOfflineQueue: true });
  await client.on('error', () => {}).connect();
  closing.push(server.close, async () => client.destroy());
  const send = (...command: string[]) => client.sendCommand<unknown>(command);
  return { server, send, store: redisRevokedSessions({ send, timeout }) };
}

const minute = 60_000;
const session = { id: 'AAAAAAAAAAAAAAAA', expiresAt: Date.now() + 15 * minute };
const asked = { accessKey: 'shop', id: session.id };
const unavailable = (message: string) => ({
  code: 'session_store_unavailable',
  status: 503,
  message: expect.stringContaining(message),
});

describe.runIf(present('redis-server', '--version'))('redisRevokedSessions in a Redis that', () => {
  it('has lost its data refuses the sessions that were issued before, and takes those issued since', async () => {
    const { server, send, store } = await world();
    await prepareRedisReplay(send);
    const issuedAfter = Date.now() - minute;
    expect(await store.has({ ...asked, issuedAfter })).toBe(false);
    await store.revoke({ accessKey: 'shop', session });
    expect(await store.has({ ...asked, issuedAfter })).toBe(true);
    await server.kill();
    await server.restart();
    const has = (more: { readonly issuedAfter?: number }) => store.has({ ...asked, ...more });
    await expect.poll(() => has({ issuedAfter }).catch(({ message }) => message)).toContain('may have forgotten');
    await expect(has({ issuedAfter })).rejects.toMatchObject(unavailable('may have forgotten'));
    await expect(has({})).rejects.toMatchObject(unavailable('may have forgotten'));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await has({ issuedAfter: Date.now() - 10 })).toBe(false);
    // What is revoked from now on is known of older sessions as well.
    await store.revoke({ accessKey: 'shop', session });
    expect(await has({ issuedAfter })).toBe(true);
  });

  it('is killed and comes back with its file has forgotten nothing', async () => {
    const { server, send, store } = await world(['appendonly yes', 'appendfsync everysec']);
    await prepareRedisReplay(send);
    await store.revoke({ accessKey: 'shop', session });
    await server.kill();
    await server.restart();
    await expect.poll(() => store.has(asked).catch(({ code }) => code)).toBe(true);
    expect(await store.has({ accessKey: 'shop', id: 'BBBBBBBBBBBBBBBB' })).toBe(false);
  });

  it('may evict what it holds is refused', async () => {
    const { store } = await world(['maxmemory 100mb', 'maxmemory-policy allkeys-lru']);
    await expect(store.has({ ...asked, issuedAfter: Date.now() })).rejects.toMatchObject(unavailable('noeviction'));
  });

  it('has evicted since the last check counts as one that has lost data', async () => {
    const { send } = await world(['maxmemory 3mb', 'maxmemory-policy noeviction']);
    await prepareRedisReplay(send);
    const issuedAfter = Date.now() - minute;
    // As another server, which has checked nothing yet.
    const has = () => redisRevokedSessions({ send }).has({ ...asked, issuedAfter });
    expect(await has()).toBe(false);
    await send('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-random');
    for (let i = 0; i < 100; i++) await send('SET', `other-${i}`, 'x'.repeat(50_000));
    await send('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    await send('CONFIG', 'SET', 'maxmemory', '10mb');
    await expect(has()).rejects.toMatchObject(unavailable('may have forgotten'));
  });

  it('does not respond is not waited for', async () => {
    const { server, store } = await world([], 200);
    server.freeze();
    const late = unavailable('Redis does not respond in time.');
    await expect(store.has(asked)).rejects.toMatchObject(late);
    await expect(store.revoke({ accessKey: 'shop', session })).rejects.toMatchObject(late);
    server.thaw();
  });

  it('is out of memory refuses to revoke, and still knows what was revoked', async () => {
    const { send, store } = await world(['maxmemory 3mb', 'maxmemory-policy noeviction']);
    await prepareRedisReplay(send);
    await store.revoke({ accessKey: 'shop', session });
    let thrown: unknown;
    for (let i = 0; i < 50_000 && !thrown; i++) {
      const other = { id: `session-${i}`.padEnd(16, '_'), expiresAt: session.expiresAt };
      await store.revoke({ accessKey: 'shop', session: other }).catch((error) => {
        thrown = error;
      });
    }
    expect(thrown).toMatchObject(unavailable('maxmemory'));
    expect(await store.has(asked)).toBe(true);
  });
});

it.each([undefined, null, 'OK', 1, true, ['revoked']])('takes %j for no response', async (response) => {
  const store = redisRevokedSessions({ send: async () => response });
  await expect(store.has(asked)).rejects.toMatchObject(unavailable('not a result'));
  await expect(store.revoke({ accessKey: 'shop', session })).rejects.toMatchObject(unavailable('not a result'));
});
