import { type Graph, type Import, reachable } from './imports.ts';

type Rule = {
  /** Files of ours that may be imported, by the beginning of their path. */
  readonly ours: readonly string[];
  /** Files of ours that may be imported for their types alone. */
  readonly types?: readonly string[];
  /**
   * Packages that may be imported: `type` where the caller brings them, and only their types are used; `dynamic` where they
   * may be missing, and `import()` asks for them.
   */
  readonly packages?: Readonly<Record<string, 'code' | 'type' | 'dynamic'>>;
  /** Modules of Node that may be asked for of a runtime, and done without. */
  readonly ifThere?: readonly string[];
};

const noble = { '@noble/hashes': 'code' } as const;
const memoryStores = ['src/server/keys/memory-keys.ts', 'src/server/replay/memory-replay.ts'];
const contracts = ['src/server/contracts.ts'];
const storedKeys = [...contracts, 'src/server/keys/key-table.ts'];
const clientSide = ['src/core/', 'src/schemes/', 'src/client/'];
const serverSide = ['src/core/', 'src/schemes/', 'src/stores/', 'src/server/'];
const storeSide = ['src/core/', 'src/stores/'];
const explaining = ['src/explain/', ...serverSide];

/** Rooms by folder, doors by file. A file that is in neither may not exist: say here what it may import. */
const rules: Readonly<Record<string, Rule>> = {
  'src/stores/': { ours: storeSide },
  'src/core/': { ours: ['src/core/'], packages: noble, ifThere: ['node:crypto'] },
  'src/schemes/': { ours: ['src/schemes/', 'src/core/'], packages: { ...noble, 'structured-headers': 'code' } },
  'src/client/': { ours: clientSide },
  'src/browser/': { ours: ['src/browser/', 'src/core/'], types: ['src/client/renewing/key-store.ts'] },
  'src/browser.ts': { ours: ['src/browser/'], types: ['src/client/renewing/key-store.ts'] },
  'src/server/': {
    ours: serverSide,
    packages: { ...noble, 'ipaddr.js': 'code' },
  },
  'src/explain/': { ours: explaining },
  'src/explain.ts': { ours: explaining },
  'src/kit/': { ours: ['src/kit/', ...explaining], packages: noble },
  'src/kit.ts': { ours: ['src/kit/'] },
  // Test runners and mocks are the caller's: not even their types are imported.
  'src/testing/': { ours: ['src/testing/', 'src/client/', ...explaining] },
  'src/testing.ts': { ours: ['src/testing/'] },
  // A command imports its driver when it needs it, so the other commands work without one.
  'src/cli/': { ours: ['src/'], packages: { kysely: 'dynamic', pg: 'dynamic', mysql2: 'dynamic', redis: 'dynamic' } },
  'src/node/': { ours: ['src/node/', ...serverSide], packages: { hono: 'type' } },
  'src/webhooks/': { ours: ['src/webhooks/', 'src/node/', ...serverSide] },
  'src/gateway/': { ours: ['src/gateway/', 'src/node/', ...serverSide] },
  'src/index.ts': { ours: clientSide },
  'src/ky.ts': { ours: clientSide },
  'src/schemes.ts': { ours: ['src/core/', 'src/schemes/'] },
  'src/server.ts': { ours: serverSide },
  'src/cli.ts': { ours: ['src/cli/'] },
  'src/node.ts': { ours: ['src/node/', ...serverSide] },
  'src/webhooks.ts': { ours: ['src/webhooks/'] },
  'src/gateway.ts': { ours: ['src/gateway/', ...serverSide] },
  'src/hono.ts': { ours: ['src/node/', ...serverSide], packages: { hono: 'type' } },
  'src/express.ts': { ours: ['src/node/', ...serverSide], packages: { express: 'type' } },
  'src/fastify.ts': { ours: ['src/node/', ...serverSide], packages: { fastify: 'type' } },
  'src/opentelemetry.ts': {
    ours: [],
    types: [...contracts, 'src/server/audit/bounded-sink.ts'],
    packages: { '@opentelemetry/api': 'type' },
  },
  'src/redis/': { ours: ['src/redis/', ...storeSide], types: contracts },
  'src/redis.ts': { ours: ['src/redis/', ...storeSide] },
  'src/sql/': { ours: ['src/sql/', ...storeSide], types: storedKeys, packages: { kysely: 'type' } },
  'src/sql.ts': { ours: ['src/sql/', ...storeSide] },
  'src/durable-object/': { ours: ['src/durable-object/', ...storeSide], types: contracts },
  'src/durable-object.ts': { ours: ['src/durable-object/', ...storeSide] },
};

const adapters = /^src\/(?:node|gateway|hono|express|fastify)\.ts$|^src\/(?:node|gateway)\//;
const mayTouchNode = /^src\/(?:node|gateway|express|fastify|cli)\.ts$|^src\/(?:node|gateway|cli)\//;
const mayReachServer =
  /^src\/(?:server|explain|kit|testing|cli|node|gateway|hono|express|fastify|webhooks)\.ts$|^src\/(?:server|explain|kit|testing|node|gateway|cli|webhooks)\//;

const packageOf = (specifier: string): string => /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier;
const within = (path: string, places: readonly string[] = []): boolean =>
  places.some((place) => path.startsWith(place));

const ruleOf = (path: string): string | undefined => Object.keys(rules).find((place) => path.startsWith(place));

function allowed(path: string, { to, typeOnly, dynamic, ifThere }: Import): boolean {
  const rule = rules[ruleOf(path) ?? ''];
  if (!rule) return false;
  if (to.startsWith('node:')) return mayTouchNode.test(path) || (ifThere === true && !!rule.ifThere?.includes(to));
  if (!to.startsWith('src/')) {
    const use = rule.packages?.[packageOf(to)];
    return use === 'code' || (use === 'type' && typeOnly) || (use === 'dynamic' && (typeOnly || dynamic === true));
  }
  if (adapters.test(path) && memoryStores.includes(to)) return false;
  return within(to, rule.ours) || (typeOnly && within(to, rule.types));
}

/** Whether a file may come to need another at run time, however many files lie between. */
function mayReach(path: string, reached: string): boolean {
  if (reached.startsWith('node:')) return mayTouchNode.test(path);
  return mayReachServer.test(path) || !/^src\/server[/.]/.test(reached);
}

/** Every breach of the import rules, in words. */
export function breaches(graph: Graph): readonly string[] {
  return [...graph].flatMap(([path, imports]) => [
    ...(within(path, Object.keys(rules)) ? [] : [`${path} is in no room and is no door`]),
    ...imports.filter((one) => !allowed(path, one)).map(({ to }) => `${path} may not import ${to}`),
    ...[...reachable(graph, path)]
      .filter(([reached]) => !mayReach(path, reached))
      .map(([reached, way]) => `${path} may not reach ${reached}: ${way.join(' → ')}`),
  ]);
}

/** Every row, type and package of the rules that no file needs, in words. Rooms below may stay unused: a floor allows them all. */
export function unusedRules(graph: Graph): readonly string[] {
  return Object.entries(rules).flatMap(([place, { types = [], packages = {}, ifThere = [] }]) => {
    const files = [...graph].filter(([path]) => ruleOf(path) === place);
    if (files.length === 0) return [`${place} has no file`];
    const imported = files.flatMap(([, imports]) => imports).flatMap(({ to }) => [to, packageOf(to)]);
    return [...types, ...Object.keys(packages), ...ifThere]
      .filter((name) => !imported.includes(name))
      .map((name) => `${place} does not import ${name}`);
  });
}
