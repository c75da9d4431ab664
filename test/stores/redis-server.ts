import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, reachable } from './port.ts';

/** A real redis-server of the test's own, on a free loopback port, which may be killed. */
export type RedisServer = {
  readonly port: number;
  /** As `kill -9`. */
  kill(): Promise<void>;
  /** Starts it again on the same port, with what it wrote to disk. */
  restart(): Promise<void>;
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
  let child = await started();

  async function started(): Promise<ChildProcess> {
    const process = spawn('redis-server', args, { stdio: 'ignore' });
    await reachable(port);
    return process;
  }

  async function kill(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }

  return {
    port,
    kill,
    async restart() {
      child = await started();
    },
    freeze: () => {
      child.kill('SIGSTOP');
    },
    thaw: () => {
      child.kill('SIGCONT');
    },
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
