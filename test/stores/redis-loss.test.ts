import { createSigner, type Signer } from 'countersign';
import { prepareRedisReplay, redisReplay } from 'countersign/redis';
import { presign, type Scheme, signedLinks } from 'countersign/schemes';
import { createVerifier, memoryKeys } from 'countersign/server';
import { createClient } from 'redis';
import { afterEach, describe, expect, it } from 'vitest';
import { present } from '../vectors/present.ts';
import { codeOf, pause } from './load.ts';
import { startRedis } from './redis-server.ts';

let closing: Array<() => Promise<void>> = [];
afterEach(async () => {
  for (const close of closing.reverse()) await close();
  closing = [];
});

async function started() {
  const server = await startRedis();
  const client = createClient({ url: `redis://127.0.0.1:${server.port}`, disableOfflineQueue: true });
  await client.on('error', () => {}).connect();
  closing.push(server.close, async () => client.destroy());
  const send = (...command: string[]) => client.sendCommand<unknown>(command);
  await prepareRedisReplay(send);
  return {
    send,
    async loseEverything() {
      await server.kill();
      await server.restart();
      await expect.poll(() => send('PING').catch(() => 'down')).toBe('PONG');
    },
  };
}

const life = 600;
const key = { accessKey: 'caller', secret: 'a secret of more than sixteen bytes' };
const keys = memoryKeys([{ accessKey: key.accessKey, service: 'shop', secrets: [{ secret: key.secret }] }]);
const single: Readonly<Record<string, Scheme>> = {
  'a link that works once': signedLinks({ maxLifetime: life, once: true }),
  'a presigned address': presign({ region: 'eu-west-1', service: 'execute-api', expires: life }),
};

describe.runIf(present('redis-server', '--version'))('a Redis that has lost its data', () => {
  it.each(Object.entries(single))(
    'accepts %s no second time',
    async (_, scheme) => {
      const { send, loseEverything } = await started();
      let now = Date.now();
      const clock = () => now;
      const verifier = createVerifier({ keys, replay: redisReplay({ send, clock }), scheme, tolerance: 0.1, clock });
      const signer: Signer = createSigner({ ...key, scheme, clock });
      const use = async (request: Request) => codeOf(await verifier.verify(request.clone()));

      const used = await signer.sign('https://api.example.com/v1/orders');
      expect(await use(used)).toBe('accepted');
      await loseEverything();
      expect(await use(used)).toBe('replay_store_unavailable');
      // It ends in a second or two. Redis has remembered for longer than that, but not since it was signed.
      now += (life - 2) * 1000;
      await pause(8000);
      expect(await use(used)).toBe('replay_store_unavailable');
      const later = await signer.sign('https://api.example.com/v1/orders');
      // Each bucket remembers from the first claim that it gets. Both requests may be in one.
      const outcomes = [await use(later)];
      await pause(8000);
      outcomes.push(await use(later), await use(later));
      expect(outcomes.filter((outcome) => outcome === 'accepted')).toHaveLength(1);
      expect(outcomes.at(-1)).toBe('replayed_request');
    },
    60_000,
  );

  it('refuses what could have been claimed before, and takes what could not', async () => {
    const { send, loseEverything } = await started();
    const { claim } = redisReplay({ send });
    const minute = 60_000;
    const claimed = (notBefore?: number) =>
      Promise.resolve(claim('caller', 'a-nonce', Date.now() + minute, notBefore)).catch(({ message }) => message);
    const young = (seconds: number) => new RegExp(`lost .* in (?:${seconds}|${seconds + 1}) seconds`);
    // The first claim also tells each bucket that it is new.
    await loseEverything();
    expect(await claimed(Date.now() - minute)).toMatch(young(60));
    expect(await claimed(Date.now() - 30_000)).toMatch(young(29));
    expect(await claimed()).toMatch(/lost .* forgotten this request\.$/);
    await pause(50);
    expect(await claimed(Date.now() - 20)).toBe('fresh');
    expect(await claimed(Date.now())).toBe('seen');
  });
});

it.each([Number.NaN, Infinity])('takes %j for no time from which on a request is accepted', async (notBefore) => {
  const { claim } = redisReplay({ send: async () => 'fresh' });
  const claimed = Promise.resolve(claim('caller', 'a-nonce', Date.now() + 1000, notBefore));
  await expect(claimed).rejects.toMatchObject({ code: 'replay_store_unavailable' });
});
