import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { prepareRedisReplay, redisReplay, redisRevokedSessions, type SendCommand } from 'countersign/redis';
import { Cluster, Redis } from 'ioredis';
import { createClient, createCluster } from 'redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { present } from '../vectors/present.ts';
import { startCluster, startRedis } from './redis-server.ts';
import { replayContract } from './replay-contract.ts';
import { revokedSessionsContract } from './revoked-sessions-contract.ts';

type Connected = { readonly send: SendCommand; close(): void };
type Driver = {
  readonly name: string;
  connect(port: number): Promise<Connected>;
  connectCluster(ports: readonly number[]): Promise<Connected>;
};

const nodeRedis: Driver = {
  name: 'node-redis',
  async connect(port) {
    const client = await createClient({ url: `redis://127.0.0.1:${port}` })
      .on('error', () => {})
      .connect();
    return { send: (...command) => client.sendCommand(command), close: () => client.destroy() };
  },
  async connectCluster(ports) {
    const cluster = createCluster({ rootNodes: ports.map((port) => ({ url: `redis://127.0.0.1:${port}` })) });
    await cluster.connect();
    return { send: (...command) => cluster.sendCommand(command[3], false, command), close: () => cluster.destroy() };
  },
};

const ioredis: Driver = {
  name: 'ioredis',
  async connect(port) {
    const client = new Redis({ port, host: '127.0.0.1' }).on('error', () => {});
    return { send: (name = '', ...rest) => client.call(name, ...rest), close: () => client.disconnect() };
  },
  async connectCluster(ports) {
    const cluster = new Cluster(ports.map((port) => ({ port, host: '127.0.0.1' })));
    return { send: (name = '', ...rest) => cluster.call(name, ...rest), close: () => cluster.disconnect() };
  },
};

const here = present('redis-server', '--version') && present('redis-cli', '--version');

describe.runIf(here)('redisReplay', () => {
  describe.each([nodeRedis, ioredis])('with $name', ({ connect, connectCluster }) => {
    describe('and one server', () => {
      let connected: Connected;
      let close = async () => {};
      beforeAll(async () => {
        const server = await startRedis();
        connected = await connect(server.port);
        close = async () => {
          connected.close();
          await server.close();
        };
        await prepareRedisReplay(connected.send);
      });
      afterAll(() => close());
      replayContract(() => ({
        store: (clock) => redisReplay({ ...connected, timeout: 10_000, ...(clock && { clock }) }),
      }));

      describe('redisRevokedSessions', () => {
        revokedSessionsContract(() => redisRevokedSessions({ ...connected, timeout: 10_000 }));

        it('forgets a session a minute after its end, and keeps no name without an end', async () => {
          const { send } = connected;
          const own = redisRevokedSessions({ send, prefix: 'own:' });
          const ends = { AAAAAAAAAAAAAAAA: 900_000, BBBBBBBBBBBBBBBB: -59_900, CCCCCCCCCCCCCCCC: -60_000 };
          for (const [id, more] of Object.entries(ends)) {
            await own.revoke({ accessKey: 'shop', session: { id, expiresAt: Date.now() + more } });
          }
          await expect.poll(async () => ((await send('KEYS', 'own:*revoked*')) as string[]).length).toBe(1);
          const [name = ''] = (await send('KEYS', 'own:*revoked*')) as string[];
          const left = Number(await send('PTTL', name));
          expect(left).toBeGreaterThan(950_000);
          expect(left).toBeLessThanOrEqual(960_000);
        });
      });

      it('sends the script when Redis does not know it, and else its name', async () => {
        const sent: string[] = [];
        const { claim } = redisReplay({
          send(...command) {
            sent.push(command[0] ?? '');
            return connected.send(...command);
          },
        });
        const until = () => Date.now() + 1000;
        await connected.send('SCRIPT', 'FLUSH');
        expect(await claim('name', 'first', until())).toBe('fresh');
        expect(await claim('name', 'second', until())).toBe('fresh');
        expect(await claim('name', 'second', until())).toBe('seen');
        expect(sent).toEqual(['EVALSHA', 'EVAL', 'EVALSHA', 'EVALSHA']);
      });

      it('does without names where a user may not run scripts by them', async () => {
        const admin = connected.send;
        await admin('ACL', 'SETUSER', 'whole', 'on', '>pass', '~*', '+@all', '-evalsha');
        await admin('AUTH', 'whole', 'pass');
        const { claim } = redisReplay({ send: admin });
        expect(await claim('whole', 'first', Date.now() + 1000)).toBe('fresh');
        expect(await claim('whole', 'first', Date.now() + 1000)).toBe('seen');
        await admin('ACL', 'SETUSER', 'default', 'on', 'nopass');
        await admin('AUTH', 'default', 'any');
      });

      it('takes an error that is answered, as over HTTP, for no answer', async () => {
        const send = (...command: string[]) => connected.send(...command).catch(() => undefined);
        await connected.send('SCRIPT', 'FLUSH');
        const { claim } = redisReplay({ send });
        expect(await claim('http', 'first', Date.now() + 1000)).toBe('fresh');
        expect(await claim('http', 'first', Date.now() + 1000)).toBe('seen');
      });
    });

    describe('and a cluster of three masters', () => {
      let connected: Connected;
      let close = async () => {};
      beforeAll(async () => {
        const cluster = await startCluster();
        connected = await connectCluster(cluster.ports);
        close = async () => {
          connected.close();
          await cluster.close();
        };
        await prepareRedisReplay(connected.send);
      }, 60_000);
      afterAll(() => close());
      replayContract(() => ({
        store: (clock) => redisReplay({ ...connected, timeout: 10_000, ...(clock && { clock }) }),
      }));
      describe('redisRevokedSessions', () => {
        revokedSessionsContract(() => redisRevokedSessions({ ...connected, timeout: 10_000 }));
      });
    });
  });

  it('gives one of a thousand claims of four processes', async () => {
    const server = await startRedis();
    const { send, close } = await nodeRedis.connect(server.port);
    await prepareRedisReplay(send);
    const run = promisify(execFile);
    const command = ['--import', 'tsx', new URL('claimer.ts', import.meta.url).pathname];
    const outputs = await Promise.all(
      [1, 2, 3, 4].map(() => run(process.execPath, [...command, String(server.port), 'the-one-nonce-of-all', '250'])),
    );
    const counts = outputs.map(({ stdout }) => stdout.trim().split(' ').map(Number));
    expect(counts.map(([, asked]) => asked)).toEqual([250, 250, 250, 250]);
    expect(counts.reduce((sum, [fresh = 0]) => sum + fresh, 0)).toBe(1);
    close();
    await server.close();
  }, 60_000);
});
