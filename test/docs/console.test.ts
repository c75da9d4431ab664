import { execFile } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { commands } from '../../src/cli/commands.ts';
import { bin, folder, searchPath, sqliteHere, withSqlite } from '../cli/run.ts';
import { isAsSaid, outputsOf, type Step, scriptOf, stepsOf } from './console.ts';
import { blocksOf, pageNamed, pages } from './markdown.ts';

vi.setConfig({ testTimeout: 120_000 });

const byPage = pages
  .map((page) => ({
    page: page.path,
    steps: blocksOf(page)
      .filter(({ language }) => language === 'console')
      .flatMap(stepsOf),
  }))
  .filter(({ steps }) => steps.length);

it.runIf(sqliteHere()).each(byPage)('the commands on $page print what it says', async ({ steps }) => {
  const outputs = await run(steps);
  const wrong = steps.flatMap(({ page, line, command, expected }, place) => {
    const printed = outputs[place] ?? '(was not run)';
    return isAsSaid(printed, expected) ? [] : [`${page}:${line} $ ${command}\n${printed}`];
  });
  expect(wrong.join('\n')).toBe('');
});

async function run(steps: readonly Step[]): Promise<readonly string[]> {
  const { path, remove } = folder();
  const program = join(path, 'countersign');
  writeFileSync(program, `#!/bin/sh\nexec '${withSqlite?.path}' '${bin}' "$@"\n`);
  chmodSync(program, 0o755);
  const work = folder();
  const { stdout } = await promisify(execFile)('bash', ['-c', `exec 2>&1 </dev/null\n${scriptOf(steps)}`], {
    cwd: work.path,
    env: { ...searchPath, PATH: `${path}:${searchPath.PATH}` },
  });
  remove();
  work.remove();
  return outputsOf(stdout);
}

describe('docs/command-line.md', () => {
  const page = pageNamed('docs/command-line.md');
  const run = byPage.find((one) => one.page === page.path)?.steps.map(({ command }) => command) ?? [];

  it.each(commands)('runs countersign $name, and has all of its options', ({ name, options }) => {
    expect(run.filter((command) => command.includes(`countersign ${name}`))).not.toEqual([]);
    expect(Object.keys(options).filter((option) => !page.text.includes(`\`--${option}\``))).toEqual([]);
  });
});

describe('a command in the documentation', () => {
  const block = (code: string) => ({ page: 'x.md', line: 5, language: 'console', code });

  it('is read with what goes on with it and what it prints', () => {
    const code = '$ cat <<END\n> a\n> END\na\n$ true\n$ echo b\nb';
    expect(stepsOf(block(code))).toEqual([
      { page: 'x.md', line: 5, command: 'cat <<END\na\nEND', expected: ['a'] },
      { page: 'x.md', line: 9, command: 'true', expected: [] },
      { page: 'x.md', line: 10, command: 'echo b', expected: ['b'] },
    ]);
  });

  it.each<[printed: string, expected: string[], as: boolean]>([
    ['', [], true],
    ['a\n', ['a'], true],
    ['a', ['a'], true],
    ['a\nb\n', ['a'], false],
    ['', ['a'], false],
    ['key abc, id 1\n', ['key …, id 1'], true],
    ['key abc, id 2\n', ['key …, id 1'], false],
    ['a\nb\nc\nd\n', ['a', '…', 'd'], true],
    ['a\nb\nc\n', ['a', '…', 'd'], false],
    ['a.b\n', ['a.b'], true],
    ['axb\n', ['a.b'], false],
  ])('that prints %j where the page says %j is as said: %j', (printed, expected, as) => {
    expect(isAsSaid(printed, expected)).toBe(as);
  });
});
