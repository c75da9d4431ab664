import { basename, dirname } from 'node:path/posix';
import { expect, it } from 'vitest';
import { linesOfCode, parsed, repositoryFiles, textOf } from './sources.ts';
import { faults, unfinished } from './style.ts';

const files = repositoryFiles();
const code = files.filter((path) => /\.[cm]?[jt]s$/.test(path));
const source = code.filter((path) => path.startsWith('src/'));
const drawer = /^(?:utils?|helpers?|types?|constants?|misc|common|shared|lib)(?:\.|$)/;

it('has sources of at most 250 lines of code, and tests of at most 400', () => {
  const sizes = (paths: readonly string[]) =>
    paths.map((path) => ({ path, lines: linesOfCode(parsed(path, textOf(path))) })).sort((a, b) => a.lines - b.lines);
  const ours = sizes(source);
  const [middle, longest] = [ours[ours.length >> 1], ours.at(-1)];
  console.info(
    `src: ${ours.length} files, median ${middle?.lines} lines of code, longest ${longest?.lines} (${longest?.path})`,
  );
  expect(middle?.lines).toBeLessThanOrEqual(90);
  expect(longest?.lines).toBeLessThanOrEqual(250);
  const tests = code.filter((path) => path.startsWith('test/'));
  expect(sizes(tests).filter(({ lines }) => lines > 400)).toEqual([]);
});

it('counts a line of code where there is more than space and comments', () => {
  const text = '// one\n\n/** two */\nconst a = `x\ny\nz`;\n{\n  // three\n}\n/* four */ const b = 1; // five\n';
  expect(linesOfCode(parsed('x.ts', text))).toBe(6);
  expect(linesOfCode(parsed('x.ts', '\n// nothing\n'))).toBe(0);
});

it('keeps no drawers: a file is named for what it does', () => {
  const names = code.flatMap((path) => [basename(path), ...dirname(path).split('/')]);
  expect(names.filter((name) => drawer.test(name))).toEqual([]);
  expect(['utils.ts', 'types', 'helpers.test.ts', 'constants.ts', 'misc'].every((name) => drawer.test(name))).toBe(
    true,
  );
});

it('has no any, no default export, no class but the error, and nothing unchecked in src', () => {
  expect(source.flatMap((path) => faults(parsed(path, textOf(path))))).toEqual([]);
});

it.each([
  ['let a: any;', 'any'],
  ['let a = b as unknown as Array<any>;', 'any'],
  ['export default 1;', 'default export'],
  ['export default function f() {}', 'default export'],
  ['export { a as default };', 'default export'],
  ['class Signer {}', 'class'],
  ['const a = class {};', 'class'],
  ['enum A { B }', 'enum or namespace'],
  ['const a = b!;', 'unchecked !'],
])('sees the fault in %s', (text, fault) => {
  expect(faults(parsed('x.ts', text))).toEqual([`x.ts:1 ${fault}`]);
});

it('takes words in texts and comments for no fault', () => {
  const text = 'class SignatureError {}\nswitch (a) { default: }\nconst a = "any class!"; // any enum\n';
  expect(faults(parsed('x.ts', text))).toEqual([]);
});

it('has no unfinished work, nothing switched off and nothing singled out', () => {
  const found = files
    .filter((path) => /\.(?:[cm]?[jt]s|json|md|html|sh|py)$/.test(path) && !path.startsWith('test/architecture/style'))
    .flatMap((path) => unfinished(textOf(path)).map((mark) => `${path}: ${mark}`));
  expect(found).toEqual([]);
});

it.each(['// TODO: later', 'it.only("x")', 'describe.skip("x")', 'test.todo("x")', '// @ts-ignore', '/* FIXME */'])(
  'sees that %s is unfinished',
  (text) => {
    expect(unfinished(text)).toHaveLength(1);
  },
);
