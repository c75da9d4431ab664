import { describe, expect, it } from 'vitest';
import { repositoryFiles, textOf } from './sources.ts';

type Family = {
  /** The first column of the table in CONTRIBUTING.md. */
  readonly row: string;
  /** The file that makes a member, with its name in the place of `<name>`. */
  readonly home: string;
  /** How the other files name a member. */
  readonly members: () => ReadonlyArray<{ readonly name: string; readonly mentioned: string }>;
};

const files = repositoryFiles();
const matched = (pattern: RegExp) =>
  files.flatMap((path) => {
    const [, name] = pattern.exec(path) ?? [];
    return name ? [{ path, name }] : [];
  });
const exported = (path: string): string =>
  /export (?:const|function) (\w+)/.exec(textOf(path))?.[1] ?? `nothing of ${path}`;
const doors = matched(/^src\/([\w-]+)\.ts$/);
const doorsWith = (pattern: RegExp) =>
  doors.filter(({ path }) => pattern.test(textOf(path))).map(({ name }) => ({ name, mentioned: `/${name}` }));

const families: readonly Family[] = [
  {
    row: 'a scheme in code',
    home: 'src/schemes/<name>/scheme.ts',
    members: () =>
      matched(/^src\/schemes\/([\w-]+)\/scheme\.ts$/)
        // Its vectors are a file of their own.
        .filter(({ name }) => name !== 'countersign-v1')
        .map(({ name, path }) => ({ name, mentioned: exported(path) })),
  },
  {
    row: 'a ready definition',
    home: 'src/schemes/definitions/<name>.ts',
    members: () =>
      matched(/^src\/schemes\/definitions\/([\w-]+)\.ts$/).map(({ name, path }) => ({
        name,
        mentioned: exported(path),
      })),
  },
  {
    row: 'a store',
    home: 'src/<name>.ts',
    members: () => doorsWith(/^export (?:function \w+Replay|\{[^}]*\w+Replay)\b/m).filter(isStore),
  },
  {
    row: 'an adapter',
    home: 'src/<name>.ts',
    members: () =>
      doorsWith(/^export (?:function protect|\{[^}]*\bprotect)\b/m).filter(({ name }) => name !== 'server'),
  },
  {
    row: 'a command',
    home: 'src/cli/commands/<name>.ts',
    members: () =>
      matched(/^src\/cli\/commands\/([\w/-]+)\.ts$/)
        .filter(({ path }) => /= command\(/.test(textOf(path)))
        .map(({ name }) => ({ name, mentioned: name.replace('/', ' ') })),
  },
  {
    row: 'a language of a kit',
    home: 'src/kit/languages.ts',
    members: () =>
      [...new Set(matched(/^src\/kit\/clients\/(\w+)\//).map(({ name }) => name))].map((name) => ({
        name,
        mentioned: name,
      })),
  },
  {
    row: 'an error code',
    home: 'src/core/errors.ts',
    members: () =>
      [...textOf('src/core/errors.ts').matchAll(/^ {2}\| '(\w+)'/gm)].map(([, name = '']) => ({
        name,
        mentioned: name,
      })),
  },
];

function isStore({ name }: { readonly name: string }): boolean {
  return !['server', 'cli', 'gateway'].includes(name);
}

const rows = new Map(
  [...textOf('CONTRIBUTING.md').matchAll(/^\| (an? [\w ]+) \| (`.+`) \|$/gm)].map(([, row = '', cells = '']) => [
    row,
    [...cells.matchAll(/`([^`]+)`/g)].map(([, path = '']) => path),
  ]),
);

it('the table of what to touch has a row for each family', () => {
  expect([...rows.keys()]).toEqual(families.map(({ row }) => row));
});

describe.each(families)('to add $row', ({ row, home, members }) => {
  const paths = rows.get(row) ?? [];

  it('begins with the file that makes it', () => {
    expect(paths[0]).toBe(home);
    expect(members().length).toBeGreaterThan(1);
  });

  it.each(paths.slice(1))('%s names every member', (path) => {
    const text = textOf(path);
    // A command imports its file, and the manual has its words.
    const names = members().filter(
      ({ name, mentioned }) => ![mentioned, `/${name}.ts`].some((one) => text.includes(one)),
    );
    expect(names.map(({ name }) => name)).toEqual([]);
  });

  it('has no file twice, and none that is gone', () => {
    expect(new Set(paths).size).toBe(paths.length);
    expect(paths.slice(1).filter((path) => !files.includes(path))).toEqual([]);
  });
});
