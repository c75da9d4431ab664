import ts from 'typescript';
import { exportsOf } from '../architecture/docstrings.ts';
import { repositoryFiles, textOf } from '../architecture/sources.ts';
import type { Block } from './markdown.ts';

/** Every `@example` of the sources. */
export const docExamples = (): readonly Block[] =>
  repositoryFiles()
    .filter((path) => /^src\/.*\.ts$/.test(path))
    .flatMap((path) => examplesIn(path, textOf(path)));

/** The examples of one file: the lines of a docstring after `@example`, up to the next tag or its end. */
export function examplesIn(page: string, text: string): readonly Block[] {
  return [...text.matchAll(/^[ \t]*\* @example\n((?:[ \t]*\*(?!\/)(?! @\w).*\n)*)/gm)].map(
    ({ index, 1: lines = '' }) => ({
      page,
      line: text.slice(0, index).split('\n').length + 1,
      language: 'ts',
      code: lines.replace(/^[ \t]*\* ?/gm, '').trimEnd(),
    }),
  );
}

/** The functions that the doors export without an example, in the form `src/index.ts: createSigner`. */
export function withoutExample(program: ts.Program, doors: readonly string[]): readonly string[] {
  const checker = program.getTypeChecker();
  return doors.flatMap((door) =>
    exportsOf(program, door)
      .filter((symbol) => {
        const original = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
        if (!(original.flags & ts.SymbolFlags.Value)) return false;
        const isFunction = checker.getTypeOfSymbol(original).getCallSignatures().length > 0;
        return isFunction && !original.getJsDocTags(checker).some(({ name }) => name === 'example');
      })
      .map((symbol) => `${door}: ${symbol.name}`),
  );
}
