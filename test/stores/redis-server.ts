import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Killable, killable } from './killable.ts';
import { freePort } from './port.ts';

/** A real redis-server of the test's own, on a free loopback port, which may be killed. */
export type RedisServer = Omit<Killable, 'signal'> & {
  readonly port: number;
  /** Holds the process still, so that it answers nothing. */
  freeze(): void;
  thaw(): void;
  close(): Promise<void>;
};

/** @param settings as in redis.conf, such as `['appendonly yes']`. @default [] */
export async function startRedis(settings: readonly string[] = []): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-redis-'));
  const port = await freePort();
  const args = ['port', 'bind', 'dir', 'save']
    .map((name, i) => [`--${name}`, [String(port), '127.0.0.1', folder, ''][i] ?? ''])
    .concat(settings.map((line) => [`--${line.split(' ')[0]}`, ...line.split(' ').slice(1)]))
    .flat();
  const { kill, restart, signal } = await killable(() => spawn('redis-server', args, { stdio: 'ignore' }), port);
  return {
    port,
    kill,
    restart,
    freeze: () => signal('SIGSTOP'),
    thaw: () => signal('SIGCONT'),
    async close() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export type RedisCluster = { readonly ports: readonly number[]; close(): Promise<void> };

/** A real cluster of three masters. */
export async function startCluster(): Promise<RedisCluster> {
  const nodes = await Promise.all([0, 1, 2].map(() => startRedis(['cluster-enabled yes'])));
  const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
  execFileSync('redis-cli', ['--cluster', 'create', ...addresses, '--cluster-replicas', '0', '--cluster-yes']);
  const [first] = nodes;
  const info = () => execFileSync('redis-cli', ['-p', String(first?.port), 'cluster', 'info'], { encoding: 'utf8' });
  while (!/cluster_state:ok/.test(info())) await new Promise((resolve) => setTimeout(resolve, 100));
  return {
    ports: nodes.map(({ port }) => port),
    close: async () => {
      await Promise.all(nodes.map((node) => node.close()));
    },
  };
}
