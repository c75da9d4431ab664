import { format } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { programOf } from '../architecture/docstrings.ts';
import { repositoryFiles, root } from '../architecture/sources.ts';
import { complaintsAbout, expectedOf } from './compile.ts';
import { docExamples, examplesIn, withoutExample } from './doc-examples.ts';
import { type Example, writeModules } from './generate.ts';
import { type Host, startHost } from './host.ts';

/** Examples that are type-checked and not run, by what they contain. */
const notRun: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/from 'redis'/, 'needs a Redis server'],
  [/\.listen\(\d/, 'listens on a port that may be taken'],
  [/process\.on\(/, 'changes the process of the test'],
];

const doors = repositoryFiles().filter((path) => /^src\/(?!cli\.ts$)[^/]+\.ts$/.test(path));
const examples = writeModules(docExamples());
afterAll(examples.remove);

const isRun = ({ code }: Example): boolean => !notRun.some(([pattern]) => pattern.test(code));

it('every function that an entry point exports has an example', () => {
  expect(withoutExample(programOf(doors.map((door) => `${root}${door}`)), doors)).toEqual([]);
});

it('every example of a docstring type-checks as a module', { timeout: 120_000 }, () => {
  expect(complaintsAbout(examples.all)).toEqual([]);
});

it.each(notRun)('an example has %s, which %s', (pattern) => {
  expect(examples.all.some(({ code }) => pattern.test(code))).toBe(true);
});

describe('every example of a docstring runs and prints what it states', () => {
  const directory = process.cwd();
  let host: Host;
  beforeAll(async () => {
    host = await startHost();
    // Databases of examples are files of the working directory.
    process.chdir(examples.folder);
  });
  afterAll(async () => {
    process.chdir(directory);
    await host.close();
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
  });

  it.each(examples.all.filter(isRun))('$page line $line', async (example) => {
    const printed: string[] = [];
    vi.spyOn(console, 'log').mockImplementation((...given) => void printed.push(format(...given)));
    vi.stubGlobal('fetch', host.fetch);
    await import(/* @vite-ignore */ example.file);
    expect(printed).toEqual(expectedOf(example));
    expect(host.refusals()).toEqual([]);
  });
});

describe('an example', () => {
  it('ends where the next tag or the docstring ends', () => {
    const text =
      '/**\n * A.\n *\n * @example\n * a();\n *\n *   b();\n * @throws c\n */\n  /**\n   * @example\n   * d(); // e\n   */\n';
    expect(examplesIn('x.ts', text)).toEqual([
      { page: 'x.ts', line: 5, language: 'ts', code: 'a();\n\n  b();' },
      { page: 'x.ts', line: 12, language: 'ts', code: 'd(); // e' },
    ]);
  });

  it('is missed at a function and at a constant that is one, through re-exports, and at nothing else', () => {
    const texts = {
      '/x/door.ts': "export { a, b, c, d, E } from './room.ts';\n",
      '/x/room.ts':
        '/** A. */\nexport function a() {}\n/** B. */\nexport const b = () => {};\n/** @example\n * c();\n */\nexport function c() {}\n' +
        'export const d = 1;\nexport class E {}\n',
    };
    const found = withoutExample(programOf(['/x/door.ts'], texts), ['/x/door.ts']);
    expect(found).toEqual(['/x/door.ts: a', '/x/door.ts: b']);
  });
});
