import { expect, it } from 'vitest';
import { repositoryFiles, textOf } from './sources.ts';

const files = repositoryFiles();
type Manifest = {
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly sideEffects: unknown;
  readonly type: unknown;
  readonly files: readonly string[];
  readonly dependencies: Readonly<Record<string, string>>;
  readonly engines: Readonly<Record<string, string>>;
};
const manifest = JSON.parse(textOf('package.json')) as Manifest;
const doors = files.flatMap((path) => /^src\/([^/]+)\.ts$/.exec(path)?.[1] ?? []);

it('exports every door of src, and no other code', () => {
  const expected = doors
    .filter((door) => door !== 'cli')
    .map((door) => [
      door === 'index' ? '.' : `./${door}`,
      { types: `./dist/${door}.d.ts`, default: `./dist/${door}.js` },
    ]);
  const code = Object.entries(manifest.exports).filter(([, target]) => typeof target !== 'string');
  expect(Object.fromEntries(code)).toEqual(Object.fromEntries(expected));
  expect(doors).toEqual(expect.arrayContaining(['index', 'ky', 'server']));
  expect(Object.values(manifest.bin ?? {})).toEqual(doors.includes('cli') ? ['./dist/cli.js'] : []);
});

it('exports only files that exist or are built', () => {
  const plain = Object.values(manifest.exports).filter((target) => typeof target === 'string');
  expect(plain.length).toBeGreaterThan(0);
  expect(plain.filter((target) => target !== './dist/vectors.json' && !files.includes(target.slice(2)))).toEqual([]);
});

it('is an ES module without side effects, that depends on little', () => {
  expect(manifest).toMatchObject({ type: 'module', sideEffects: false, engines: { node: '^20.19.0 || >=22.12.0' } });
  const known = ['@noble/hashes', 'ipaddr.js', 'structured-headers'];
  expect(Object.keys(manifest.dependencies).filter((name) => !known.includes(name))).toEqual([]);
});

it('is described for JSR as for npm, by the sources of the same doors', () => {
  const jsr = JSON.parse(textOf('jsr.json')) as {
    readonly exports: object;
    readonly version: string;
    readonly license: string;
  };
  const { version, license } = JSON.parse(textOf('package.json')) as {
    readonly version: string;
    readonly license: string;
  };
  expect([jsr.version, jsr.license]).toEqual([version, license]);
  const expected = doors
    .filter((door) => door !== 'cli')
    .map((door) => [door === 'index' ? '.' : `./${door}`, `./src/${door}.ts`]);
  expect(jsr.exports).toEqual(Object.fromEntries(expected));
});

it('locks versions without saying where to get them', () => {
  const lock = textOf('package-lock.json');
  expect(lock).toContain('"integrity": "sha512-');
  expect(lock.match(/"resolved": "(?!file:)[^"]*"|https?:\/\/[^"]*\.tgz/g) ?? []).toEqual([]);
});

// Written in two halves, so that this file does not hold what it looks for.
const workplace = new RegExp(
  ['(?<![\\w.-])/wo' + 'rk/', '(?<![\\w-]|\\w/)sha' + 'red/', 'registry\\.np' + 'mjs'].join('|'),
  'g',
);

it('speaks of the product alone', () => {
  const found = files.flatMap((path) => (textOf(path).match(workplace) ?? []).map((word) => `${path}: ${word}`));
  expect(found).toEqual([]);
});

it.each(['cd /wo' + 'rk/main', '../sha' + 'red/design.md', 'https://registry.np' + 'mjs.org/x'])(
  'sees the workplace in %s',
  (text) => {
    expect(text.match(workplace)).toHaveLength(1);
  },
);

it('takes addresses and folders for no workplace', () => {
  expect('https://example.com/work/1 network/ homework/ src/shared/x'.match(workplace)).toBeNull();
});
