import { prepareRedisReplay, redisReplay } from 'countersign/redis';
import { createVerifier, type Refused, type ReplayStore, type Verified } from 'countersign/server';
import { createClient } from 'redis';
import { afterEach, describe, expect, it } from 'vitest';
import { present } from '../vectors/present.ts';
import { callers, codeOf, killedUnderLoad, load, pause, signed } from './load.ts';
import { type RedisServer, startRedis } from './redis-server.ts';

const here = present('redis-server', '--version');

/** Seconds that a request stays fresh, kept short so that a lost memory is waited for. */
const tolerance = 2;

let closing: Array<() => Promise<void>> = [];
afterEach(async () => {
  for (const close of closing.reverse()) await close();
  closing = [];
});

type World = {
  readonly server: RedisServer;
  readonly replay: ReplayStore;
  verify(request: Request): Promise<Verified<Request> | Refused>;
};

async function world(settings: readonly string[], timeout = 500): Promise<World> {
  const server = await startRedis(settings);
  const client = createClient({ url: `redis://127.0.0.1:${server.port}`, disableOfflineQueue: true });
  await client.on('error', () => {}).connect();
  closing.push(server.close, async () => client.destroy());
  const send = (...command: string[]) => client.sendCommand<unknown>(command);
  const replay = redisReplay({ send, timeout });
  await prepareRedisReplay(send);
  const verifier = createVerifier({ keys: callers, replay, tolerance });
  return { server, replay, verify: (request) => verifier.verify(request) };
}

describe.runIf(here)('a Redis that', () => {
  it('is killed under load and comes back with its file lets no replay in, and goes on by itself', async () => {
    const one = await world(['appendonly yes', 'appendfsync everysec']);
    const { accepted, codes, replayed } = await killedUnderLoad(one.server, one.verify);
    expect(codes).toContain('replay_store_unavailable');
    // By itself: the last requests are accepted again.
    expect(codes.slice(-20)).toContain('accepted');
    expect(replayed.filter((code) => code === 'accepted')).toEqual([]);
    for (const request of accepted.slice(-200)) expect(codeOf(await one.verify(request))).not.toBe('accepted');
  }, 60_000);

  it('is killed under load and has lost everything refuses until what it forgot is stale', async () => {
    const one = await world([]);
    const { accepted, codes, replayed, stop } = load(one.verify);
    while (accepted.length < 30) await pause(20);
    await one.server.kill();
    await pause(200);
    const before = accepted.length;
    await one.server.restart();
    const restarted = Date.now();
    while (accepted.length === before && Date.now() - restarted < 30_000) await pause(50);
    // What is accepted now could not be before the crash.
    expect(Date.now() - restarted).toBeGreaterThan(tolerance * 1000);
    await pause(300);
    await stop();
    expect(codes.slice(-20)).toContain('accepted');
    expect(replayed.filter((code) => code === 'accepted')).toEqual([]);
  }, 60_000);

  it('answers nothing is not waited for, and is asked again', async () => {
    const one = await world([], 200);
    expect(codeOf(await one.verify(await signed()))).toBe('accepted');
    one.server.freeze();
    const request = await signed();
    const result = await one.verify(request);
    expect(codeOf(result)).toBe('replay_store_unavailable');
    expect(result).toMatchObject({ response: { status: 503, headers: { 'Retry-After': '1' } } });
    one.server.thaw();
    await pause(300);
    expect(codeOf(await one.verify(await signed()))).toBe('accepted');
    // What was refused may have been claimed: it must be signed anew.
    expect(['accepted', 'replayed_request']).toContain(codeOf(await one.verify(request)));
  });

  it('is out of memory refuses what is new, and still knows what it has seen', async () => {
    const one = await world(['maxmemory 2mb', 'maxmemory-policy noeviction']);
    const until = () => Date.now() + 60_000;
    expect(await one.replay.claim('caller', 'the-first-of-all', until())).toBe('fresh');
    let code: unknown;
    for (let i = 0; i < 20_000 && !code; i += 1) {
      await Promise.resolve(one.replay.claim('caller', `nonce-${i}-${'x'.repeat(400)}`, until())).catch((error) => {
        code = error.code;
      });
    }
    expect(code).toBe('replay_store_full');
    await expect(one.replay.claim('caller', 'another-one', until())).rejects.toMatchObject({ status: 503 });
  });

  it('may evict nonces is refused', async () => {
    const server = await startRedis(['maxmemory 100mb', 'maxmemory-policy allkeys-lru']);
    const client = await createClient({ url: `redis://127.0.0.1:${server.port}` }).connect();
    closing.push(server.close, async () => client.destroy());
    const { claim } = redisReplay({ send: (...command) => client.sendCommand(command) });
    await expect(claim('caller', 'a-nonce', Date.now() + 1000)).rejects.toMatchObject({
      code: 'replay_store_unavailable',
      message: expect.stringContaining('noeviction'),
    });
  });

  it('is new says that it has no memory yet, and for how long', async () => {
    const server = await startRedis();
    const client = await createClient({ url: `redis://127.0.0.1:${server.port}` }).connect();
    closing.push(server.close, async () => client.destroy());
    const send = (...command: string[]) => client.sendCommand<unknown>(command);
    const { claim } = redisReplay({ send });
    const claimed = () => claim('caller', 'a-nonce', Date.now() + 60_000, Date.now() - 60_000);
    await expect(claimed).rejects.toMatchObject({
      code: 'replay_store_unavailable',
      message: expect.stringMatching(/in (?:59|60) seconds/),
    });
    await prepareRedisReplay(send);
    // Too late for the bucket that was asked: a loss of data cannot be told from it.
    await expect(claimed).rejects.toMatchObject({ status: 503 });
  });
});

it('asks for a time-out and a prefix that can be', () => {
  const send = async () => 'fresh';
  expect(() => redisReplay({ send, timeout: 0 })).toThrow(expect.objectContaining({ code: 'invalid_configuration' }));
  expect(() => redisReplay({ send, prefix: '{a}' })).toThrow(
    expect.objectContaining({ code: 'invalid_configuration' }),
  );
});

it.each([undefined, null, 'OK', 1, ['fresh']])('takes %j for no answer', async (answer) => {
  const { claim } = redisReplay({ send: async () => answer });
  const claimed = Promise.resolve(claim('caller', 'a-nonce', Date.now() + 1000));
  await expect(claimed).rejects.toMatchObject({ code: 'replay_store_unavailable' });
});
