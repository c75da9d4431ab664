import { prepareRedisReplay, redisReplay } from 'countersign/redis';
import { createClient } from 'redis';
import { afterEach, describe, expect, it } from 'vitest';
import { present } from '../vectors/present.ts';
import { startRedis } from './redis-server.ts';

let closing: Array<() => Promise<void>> = [];
afterEach(async () => {
  for (const close of closing.reverse()) await close();
  closing = [];
});

async function started(settings: readonly string[] = []) {
  const server = await startRedis(settings);
  const client = await createClient({ url: `redis://127.0.0.1:${server.port}` })
    .on('error', () => {})
    .connect();
  closing.push(server.close, async () => client.destroy());
  return (...command: string[]) => client.sendCommand<unknown>(command);
}

const minute = 60_000;
const evicts = { code: 'replay_store_unavailable', message: expect.stringContaining('noeviction') };
const young = { code: 'replay_store_unavailable', message: expect.stringMatching(/evicted .* in \d+ seconds/) };

describe.runIf(present('redis-server', '--version'))('a Redis that evicts', () => {
  it.each(['allkeys-lru', 'volatile-ttl', 'volatile-random'])('by %s is not prepared', async (policy) => {
    const send = await started(['maxmemory 100mb', `maxmemory-policy ${policy}`]);
    await expect(prepareRedisReplay(send)).rejects.toMatchObject(evicts);
  });

  it('is refused by stores that are new to it, although it was prepared', async () => {
    const send = await started(['maxmemory 100mb', 'maxmemory-policy noeviction']);
    await prepareRedisReplay(send);
    await send('CONFIG', 'SET', 'maxmemory-policy', 'volatile-ttl');
    const { claim } = redisReplay({ send });
    await expect(claim('caller', 'a-nonce', Date.now() + minute)).rejects.toMatchObject(evicts);
  });

  it('is noticed while a store runs, and refused after that until all that it may have forgotten is stale', async () => {
    const send = await started(['maxmemory 100mb', 'maxmemory-policy noeviction']);
    await prepareRedisReplay(send);
    let now = Date.now();
    const { claim } = redisReplay({ send, clock: () => now });
    const next = (nonce: string) => claim('caller', nonce, now + minute, now - minute);
    expect(await next('first')).toBe('fresh');
    await send('CONFIG', 'SET', 'maxmemory-policy', 'volatile-ttl');
    now += 10_000;
    await expect(next('first')).rejects.toMatchObject(evicts);
    await send('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    await expect(next('first')).rejects.toMatchObject(young);
  });

  it('and is set right between two looks is told by its count of evictions', async () => {
    const send = await started(['maxmemory 3mb', 'maxmemory-policy noeviction']);
    await prepareRedisReplay(send);
    let now = Date.now();
    const { claim } = redisReplay({ send, clock: () => now });
    expect(await claim('caller', 'first', now + minute)).toBe('fresh');
    await send('CONFIG', 'SET', 'maxmemory-policy', 'volatile-ttl');
    for (let i = 0; i < 400; i += 1) await send('SET', `other-${i}`, 'x'.repeat(10_000), 'PX', '3000');
    expect(await send('INFO', 'stats')).not.toContain('evicted_keys:0\r');
    await send('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    // Room for the claim: what was evicted stays counted, and a full Redis would be refused for being full.
    await send('CONFIG', 'SET', 'maxmemory', '100mb');
    now += 10_000;
    await expect(claim('caller', 'first', now + minute, now - minute)).rejects.toMatchObject(young);
  });

  it('without a limit to its memory evicts nothing, and is taken', async () => {
    const send = await started(['maxmemory-policy allkeys-lru']);
    await prepareRedisReplay(send);
    expect(await redisReplay({ send }).claim('caller', 'a-nonce', Date.now() + minute)).toBe('fresh');
  });

  it('looks at it seldom', async () => {
    const send = await started();
    await prepareRedisReplay(send);
    const { claim } = redisReplay({ send });
    const looks = async () => Number(/cmdstat_info:calls=(\d+)/.exec(String(await send('INFO', 'commandstats')))?.[1]);
    const before = await looks();
    for (let i = 0; i < 500; i += 1) await claim('caller', `nonce-${i}`, Date.now() + minute);
    expect((await looks()) - before).toBeLessThan(40);
  });
});

describe.runIf(present('redis-server', '--version'))('a Redis user', () => {
  it.each([
    [
      'who lacks a command',
      ['~*', '+@all', '-set'],
      /responds with an error \(NOPERM\)|responds with an error \(ERR\)/,
    ],
    ['who lacks the keys', ['~other:*', '+@all'], /responds with an error \(NOPERM\)/],
  ])('%s is told so, and not that Redis does not respond', async (_, rules, message) => {
    const send = await started();
    await prepareRedisReplay(send);
    await send('ACL', 'SETUSER', 'poor', 'on', '>pass', ...rules);
    await send('AUTH', 'poor', 'pass');
    await expect(redisReplay({ send }).claim('caller', 'a-nonce', Date.now() + minute)).rejects.toMatchObject({
      code: 'replay_store_unavailable',
      message: expect.stringMatching(message),
      cause: expect.any(Error),
    });
  });

  it('who may not look at the server claims all the same: nothing is known of evictions then', async () => {
    const send = await started();
    await send('ACL', 'SETUSER', 'blind', 'on', '>pass', '~*', '+@all', '-info', '-config');
    await send('AUTH', 'blind', 'pass');
    await prepareRedisReplay(send);
    const { claim } = redisReplay({ send });
    expect(await claim('caller', 'a-nonce', Date.now() + minute)).toBe('fresh');
    expect(await claim('caller', 'a-nonce', Date.now() + minute)).toBe('seen');
  });
});

describe.runIf(present('redis-server', '--version'))('long-lived nonces in Redis', () => {
  it('of one access key are bounded, and are in the way of no other', async () => {
    const send = await started();
    await prepareRedisReplay(send);
    const { claim } = redisReplay({ send, longLivedPerKey: 32 });
    const week = 7 * 86_400_000;
    const codes: string[] = [];
    for (let i = 0; i < 400; i += 1) {
      const claimed = Promise.resolve(claim('greedy', `nonce-${i}`, Date.now() + week));
      codes.push(await claimed.catch(({ code }) => String(code)));
    }
    expect(codes.filter((code) => code === 'fresh')).toHaveLength(32);
    expect(codes.filter((code) => code === 'replay_store_full')).toHaveLength(368);
    expect(await claim('greedy', `nonce-${codes.indexOf('fresh')}`, Date.now() + week)).toBe('seen');
    expect(await claim('greedy', 'short', Date.now() + minute)).toBe('fresh');
    expect(await claim('other', 'nonce-399', Date.now() + week)).toBe('fresh');
  });
});
