import { expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { breaches, unusedRules } from './import-rules.ts';
import { type Graph, type Import, importsOf, reachable } from './imports.ts';
import { parsed, repositoryFiles, textOf } from './sources.ts';

const sources = repositoryFiles().filter((path) => /^src\/.*\.ts$/.test(path));
const data = repositoryFiles().filter((path) => /^src\/.*\.json$/.test(path));
const graph: Graph = new Map(sources.map((path) => [path, importsOf(path, parsed(path, textOf(path)))]));
const withImport = (from: string, to: string, typeOnly = false): Graph => withOne(from, { to, typeOnly });
const withOne = (from: string, one: Import): Graph => new Map([...graph, [from, [...(graph.get(from) ?? []), one]]]);

it('finds no breach of the import rules', () => {
  expect(breaches(graph)).toEqual([]);
});

it('has no rule that no file needs', () => {
  expect(unusedRules(graph)).toEqual([]);
  expect(unusedRules(new Map([...graph, ['src/hono.ts', []]]))).toContain('src/hono.ts does not import hono');
  expect(unusedRules(new Map([...graph].filter(([path]) => path !== 'src/ky.ts')))).toEqual(['src/ky.ts has no file']);
});

it('sees every file and resolves every import of ours', () => {
  expect(graph.size).toBeGreaterThan(30);
  const ours = [...graph.values()].flat().filter(({ to }) => to.startsWith('src/') || to.startsWith('.'));
  expect(ours.length).toBeGreaterThan(100);
  expect(ours.filter(({ to }) => !graph.has(to) && !data.includes(to))).toEqual([]);
});

it('walks from the entry of the package to the hash', () => {
  const reached = reachable(graph, 'src/index.ts');
  expect([...reached.keys()]).toEqual(expect.arrayContaining(['src/core/digest.ts', '@noble/hashes/sha2.js']));
  expect(reached.has('src/server/verify/verifier.ts')).toBe(false);
});

it.each<[from: string, to: string, typeOnly?: boolean]>([
  ['src/core/body.ts', 'src/schemes/countersign-v1/scheme.ts'],
  ['src/core/body.ts', 'src/client/signer.ts', true],
  ['src/core/body.ts', 'src/server/keys/memory-keys.ts', true],
  ['src/core/body.ts', 'node:crypto'],
  ['src/core/body.ts', 'ky', true],
  ['src/schemes/countersign-v1/scheme.ts', 'src/client/signer.ts', true],
  ['src/schemes/countersign-v1/scheme.ts', 'src/server/contracts.ts', true],
  ['src/client/signer.ts', 'src/server/contracts.ts', true],
  ['src/client/signer.ts', 'src/server.ts'],
  ['src/client/signer.ts', 'src/ky.ts', true],
  ['src/client/signer.ts', 'ky'],
  ['src/client/signer.ts', '@noble/hashes/sha2.js'],
  ['src/server/verify/verifier.ts', 'src/client/signer.ts', true],
  ['src/server/verify/verifier.ts', 'node:crypto', true],
  ['src/server/verify/verifier.ts', 'src/server.ts'],
  ['src/server/verify/verifier.ts', 'hono'],
  ['src/index.ts', 'src/server/contracts.ts', true],
  ['src/index.ts', 'src/ky.ts'],
  ['src/index.ts', 'node:buffer'],
  ['src/ky.ts', 'ky'],
  ['src/ky.ts', 'src/server/verify/verifier.ts'],
  ['src/server.ts', 'node:http'],
  ['src/server/verify/verifier.ts', 'src/explain/explain.ts'],
  ['src/explain/explain.ts', 'src/client/signer.ts', true],
  ['src/explain/explain.ts', 'node:crypto'],
  ['src/server.ts', 'src/client/signer.ts'],
  ['src/hono.ts', 'src/server/replay/memory-replay.ts'],
  ['src/hono.ts', 'node:http'],
  ['src/hono.ts', 'hono'],
  ['src/node.ts', 'src/server/keys/memory-keys.ts', true],
  ['src/redis.ts', 'src/server/verify/verifier.ts', true],
  ['src/redis.ts', 'src/server/contracts.ts'],
  ['src/redis.ts', 'redis'],
  ['src/sql.ts', 'src/client/signer.ts'],
  ['src/durable-object.ts', 'node:sqlite'],
  ['src/cli/database.ts', 'pg'],
  ['src/cli/commands/migrate.ts', 'citty'],
  ['src/server/keys/memory-keys.ts', 'src/cli/main.ts'],
  ['src/core/body.ts', 'left-pad'],
])('refuses that %s imports %s', (from, to, typeOnly = false) => {
  expect(breaches(withImport(from, to, typeOnly))).toContain(`${from} may not import ${to}`);
});

it.each<[from: string, to: string, typeOnly?: boolean]>([
  ['src/node.ts', 'node:http'],
  ['src/express.ts', 'express', true],
  ['src/fastify.ts', 'src/node/admit.ts'],
  ['src/hono.ts', 'src/server/verify/verifier.ts'],
  ['src/redis/replay.ts', 'src/server/contracts.ts', true],
  ['src/cli/commands/sign.ts', 'node:fs'],
])('allows that %s imports %s', (from, to, typeOnly = false) => {
  expect(breaches(withImport(from, to, typeOnly))).toEqual([]);
});

it('allows that the command line asks for drivers when it needs one, and refuses it elsewhere', () => {
  const driver = { to: 'pg', typeOnly: false, dynamic: true } as const;
  expect(breaches(withOne('src/cli/database.ts', driver))).toEqual([]);
  expect(breaches(withOne('src/sql/keys.ts', driver))).toEqual(['src/sql/keys.ts may not import pg']);
});

it('lets the core ask a runtime for its crypto, and nobody for anything else', () => {
  const asking = (from: string, to: string) => breaches(withOne(from, { to, typeOnly: false, ifThere: true }));
  expect(asking('src/core/digest.ts', 'node:crypto')).toEqual([]);
  expect(asking('src/core/digest.ts', 'node:fs')).toEqual(['src/core/digest.ts may not import node:fs']);
  expect(asking('src/client/body.ts', 'node:crypto')).toEqual(['src/client/body.ts may not import node:crypto']);
});

it('refuses a file outside every room', () => {
  expect(breaches(new Map([...graph, ['src/web.ts', []]]))).toEqual(['src/web.ts is in no room and is no door']);
});

it('needs no package but the hash on the client path', () => {
  const packages = ['src/index.ts', 'src/ky.ts']
    .flatMap((door) => [...reachable(graph, door).keys()])
    .filter((path) => !path.startsWith('src/'));
  expect([...new Set(packages.map((path) => path.replace(/[^/]+$/, '')))]).toEqual(['@noble/hashes/']);
});

it('depends on what it imports, and on nothing else', () => {
  const imported = [...graph.values()].flat().filter(({ to, typeOnly }) => !typeOnly && !/^(?:src\/|node:)/.test(to));
  const names = (some: readonly Import[]) => [
    ...new Set(some.map(({ to }) => /^(?:@[^/]+\/)?[^/]+/.exec(to)?.[0] ?? to)),
  ];
  expect(names(imported.filter(({ dynamic }) => !dynamic)).sort()).toEqual(Object.keys(manifest.dependencies).sort());
  const optional: Readonly<Record<string, object>> = manifest.peerDependenciesMeta;
  expect(names(imported.filter(({ dynamic }) => dynamic)).filter((name) => !(name in optional))).toEqual([]);
});

it('tells the way by which the client reaches the server', () => {
  const way = 'src/index.ts → src/client/signer.ts → src/server/verify/verify.ts';
  expect(breaches(withImport('src/client/signer.ts', 'src/server/verify/verify.ts'))).toContain(
    `src/index.ts may not reach src/server/verify/verify.ts: ${way}`,
  );
});

it('tells the way by which the client reaches a module of Node', () => {
  expect(breaches(withImport('src/core/errors.ts', 'node:util'))).toEqual(
    expect.arrayContaining([expect.stringMatching(/^src\/index\.ts may not reach node:util: src\/index\.ts → /)]),
  );
});

it('finds an import however it is written', () => {
  const text = `
    import a from './a.ts';
    import type { B } from './b.ts';
    export * from '../c.ts';
    export type { D } from '../d.ts';
    import 'node:e';
    const f = await import('node:f');
    const g = require('node:g');
    const h = process.getBuiltinModule?.('node:h');
    type I = import('./i.ts').I;
    // import './not.ts'
    const no = "import './not.ts'";
  `;
  const expected: Import[] = [
    { to: 'src/x/a.ts', typeOnly: false },
    { to: 'src/x/b.ts', typeOnly: true },
    { to: 'src/c.ts', typeOnly: false },
    { to: 'src/d.ts', typeOnly: true },
    { to: 'node:e', typeOnly: false },
    { to: 'node:f', typeOnly: false, dynamic: true },
    { to: 'node:g', typeOnly: false },
    { to: 'node:h', typeOnly: false, ifThere: true },
    { to: 'src/x/i.ts', typeOnly: true },
  ];
  expect(importsOf('src/x/y.ts', parsed('src/x/y.ts', text))).toEqual(expected);
});
