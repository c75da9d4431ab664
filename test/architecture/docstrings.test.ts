import { expect, it } from 'vitest';
import { exportsOf, programOf, undocumented, undocumentedOptions } from './docstrings.ts';
import { repositoryFiles, root } from './sources.ts';

// A program has no exports.
const doors = repositoryFiles().filter((path) => /^src\/(?!cli\.ts$)[^/]+\.ts$/.test(path));
const program = programOf(doors.map((door) => `${root}${door}`));

it('explains every export of every door where it is declared', () => {
  expect(doors.map((door) => exportsOf(program, door).length)).not.toContain(0);
  expect(exportsOf(program, 'src/index.ts').map(({ name }) => name)).toContain('createSigner');
  expect(undocumented(program, doors)).toEqual([]);
});

it('explains every option where the cursor is', () => {
  expect(undocumentedOptions(program, doors)).toEqual([]);
});

it('sees an option without a docstring, also in a part of an intersection', () => {
  const door = 'export type AOptions = {\n/** A. */\na: 1; b?: 2; d?: never } & C;\ntype C = { c: 3 };\n';
  expect(undocumentedOptions(programOf(['/x/door.ts'], { '/x/door.ts': door }), ['/x/door.ts'])).toEqual([
    'AOptions.b',
    'AOptions.c',
  ]);
});

it('sees a function, a type and a constant without a docstring, through re-exports', () => {
  const texts = {
    '/x/door.ts':
      "export { a, b } from './room.ts';\nexport type { C, D } from './room.ts';\n/** E. */\nexport const e = 1;\n",
    '/x/room.ts':
      '// a\nexport function a() {}\n/** B. */\nexport const b = 1;\nexport type C = 1;\n/** D. */\nexport type D = 1;\n',
  };
  const found = undocumented(programOf(['/x/door.ts'], texts), ['/x/door.ts']);
  expect(found).toEqual(['/x/door.ts: a', '/x/door.ts: C']);
});
