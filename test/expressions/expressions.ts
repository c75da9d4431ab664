import ts from 'typescript';
import { nodesOf, parsed, repositoryFiles, textOf } from '../architecture/sources.ts';

/** A regular expression of `src`, and where it stands. */
export type Expression = {
  readonly path: string;
  readonly source: string;
  readonly flags: string;
  /** Whether one call searches a text again and again: a global or sticky expression, or one that splits. */
  readonly repeats: boolean;
};

/** Every regular expression that is written in `src`. */
export const expressionsIn = (path: string, text: string): readonly Expression[] =>
  [...nodesOf(parsed(path, text))].filter(ts.isRegularExpressionLiteral).map((node) => {
    const end = node.text.lastIndexOf('/');
    const flags = node.text.slice(end + 1);
    const call = node.parent;
    const splits = ts.isCallExpression(call) && call.expression.getText().endsWith('.split');
    return { path, source: node.text.slice(1, end), flags, repeats: splits || /[gy]/.test(flags) };
  });

/** The files of `src` that make regular expressions from texts. */
export const makersIn = (path: string, text: string): readonly string[] =>
  [...nodesOf(parsed(path, text))].some(
    (node) => (ts.isNewExpression(node) || ts.isCallExpression(node)) && node.expression.getText() === 'RegExp',
  )
    ? [path]
    : [];

const sources = repositoryFiles().filter((path) => path.startsWith('src/') && path.endsWith('.ts'));

export const expressions: readonly Expression[] = sources.flatMap((path) => expressionsIn(path, textOf(path)));

/** Without those of src/kit/emit, which search the programs that this package writes, and no text of a caller. */
export const makers: readonly string[] = sources
  .filter((path) => !path.startsWith('src/kit/emit/'))
  .flatMap((path) => makersIn(path, textOf(path)));

/**
 * With every high count as one without end, which the checker judges sooner: what grows linearly without the count does so with
 * it, and what does not is refused even if the count bounds it.
 */
export const withoutCounts = (source: string): string =>
  source.replace(/\{([01]),(\d{2,})\}/g, (_, least: string) => (least === '0' ? '*' : '+'));
