import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createHistogram } from 'node:perf_hooks';
import { prepareRedisReplay } from 'countersign/redis';
import { createClient } from 'redis';
import { median } from '../bench/targets.ts';
import { startRedis } from '../stores/redis-server.ts';
import { type Kind, signedBytes } from './signed-bytes.ts';
import type { Report, Setting } from './speed-server.ts';
import { load } from './wire-load.ts';

/** A server that is measured beside the same server without verification. */
type Row = {
  readonly name: string;
  readonly framework: Setting['framework'];
  readonly kind: Kind;
  readonly redis: boolean;
  /** Which part of the bare server's requests a second the verified one is to answer. */
  readonly target: number;
};

const get: Kind = { method: 'GET', bytes: 0 };
const post: Kind = { method: 'POST', bytes: 1024 };
const rows: readonly Row[] = [
  { name: 'node:http, GET', framework: 'node:http', kind: get, redis: false, target: 0.75 },
  { name: 'node:http, POST 1 KiB', framework: 'node:http', kind: post, redis: false, target: 0.6 },
  { name: 'Hono on Node, GET', framework: 'Hono', kind: get, redis: false, target: 0.6 },
  { name: 'Hono on Node, POST 1 KiB', framework: 'Hono', kind: post, redis: false, target: 0.6 },
  { name: 'node:http, GET, Redis', framework: 'node:http', kind: get, redis: true, target: 0.4 },
];

/** How much is sent. */
export type SpeedEffort = {
  readonly rounds: number;
  /** To each server in each round. */
  readonly requests: number;
  /** How many connections, each with one request at a time. */
  readonly connections: number;
};

/** One server's round. */
type Round = { readonly perSecond: number; readonly p99: number; readonly cpu: number; readonly loadCpu: number };

/** A row as it was measured; times in microseconds. */
export type Speed = {
  readonly name: string;
  readonly bare: Round;
  readonly verified: Round;
  /** Requests a second of the verified server by those of the bare one; the ratio of the medians. */
  readonly ratio: number;
  /** The bare server's CPU time for a request by the verified one's: what `ratio` is where nothing else takes part. */
  readonly cpuRatio: number;
  readonly target: number;
  /** Answers of the verified server other than 200: there may be none. */
  readonly refused: number;
};

/** Measures each row that is wanted by its name, in servers made of the bundle in `folder`. */
export async function* speeds(
  folder: string,
  wanted: (name: string) => boolean,
  effort: SpeedEffort,
): AsyncGenerator<Speed> {
  for (const row of rows) if (wanted(row.name)) yield measured(folder, row, effort);
}

async function measured(
  folder: string,
  { name, framework, kind, redis, target }: Row,
  effort: SpeedEffort,
): Promise<Speed> {
  const store = redis ? await startRedis() : undefined;
  try {
    if (store) await prepared(store.port);
    const start = (verified: boolean) => started(folder, { framework, verified, ...(store && { redis: store.port }) });
    const pair = { bare: await start(false), verified: await start(true) };
    const { bare, verified, refused } = await compared(pair, kind, effort);
    return {
      name,
      bare,
      verified,
      ratio: verified.perSecond / bare.perSecond,
      cpuRatio: bare.cpu / verified.cpu,
      target,
      refused,
    };
  } finally {
    await store?.close();
  }
}

type Pair<Value> = { readonly bare: Value; readonly verified: Value };

/** Sends the same requests to both in turn, so that what else the machine does meets them alike. */
async function compared(
  servers: Pair<Measured>,
  kind: Kind,
  { rounds, requests: count, connections }: SpeedEffort,
): Promise<Pair<Round> & Pick<Speed, 'refused'>> {
  const found: Pair<Round[]> = { bare: [], verified: [] };
  let refused = 0;
  // The first round warms up.
  for (let round = -1; round < rounds; round++) {
    const requests = Array.from({ length: count }, (_, i) => signedBytes(i, kind));
    for (const which of round % 2 ? (['bare', 'verified'] as const) : (['verified', 'bare'] as const)) {
      const { figures, others } = await roundOf(servers[which], requests, connections);
      if (round >= 0) found[which].push(figures);
      refused += others;
    }
  }
  servers.bare.close();
  servers.verified.close();
  return { bare: mediansOf(found.bare), verified: mediansOf(found.verified), refused };
}

async function prepared(port: number): Promise<void> {
  const client = await createClient({ url: `redis://127.0.0.1:${port}` }).connect();
  await prepareRedisReplay((...command) => client.sendCommand(command));
  client.destroy();
}

type Measured = { readonly port: number; cpu(): Promise<number>; close(): void };

async function started(folder: string, setting: Setting): Promise<Measured> {
  const child = fork(join(folder, 'speed-server.mjs'), [JSON.stringify(setting)], { execArgv: [] });
  const told = async (): Promise<Report> => (await once(child, 'message'))[0] as Report;
  const first = await told();
  return {
    port: 'port' in first ? first.port : 0,
    async cpu() {
      const answer = told();
      child.send('cpu');
      const report = await answer;
      return 'cpu' in report ? report.cpu : 0;
    },
    close: () => child.disconnect(),
  };
}

async function roundOf(
  server: Measured,
  requests: readonly Buffer[],
  connections: number,
): Promise<{ readonly figures: Round; readonly others: number }> {
  const latency = createHistogram();
  let sent = 0;
  let accepted = 0;
  const before = await server.cpu();
  const ownBefore = process.cpuUsage();
  const seconds = await load(server.port, {
    connections,
    next: () => requests[sent++],
    answered(_request, status, nanoseconds) {
      if (status === 200) accepted++;
      latency.record(nanoseconds);
    },
  });
  const own = process.cpuUsage(ownBefore);
  const cpu = (await server.cpu()) - before;
  return {
    figures: {
      perSecond: requests.length / seconds,
      p99: latency.percentile(99) / 1000,
      cpu: cpu / requests.length,
      loadCpu: (own.user + own.system) / requests.length,
    },
    others: requests.length - accepted,
  };
}

const mediansOf = (rounds: readonly Round[]): Round => ({
  perSecond: median(rounds.map(({ perSecond }) => perSecond)),
  p99: median(rounds.map(({ p99 }) => p99)),
  cpu: median(rounds.map(({ cpu }) => cpu)),
  loadCpu: median(rounds.map(({ loadCpu }) => loadCpu)),
});
