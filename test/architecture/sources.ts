import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

export const root: string = fileURLToPath(new URL('../..', import.meta.url));

/** Every file of the repository, tracked or about to be, by its path from the root. */
export function repositoryFiles(): readonly string[] {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root });
  const deleted = execFileSync('git', ['ls-files', '-z', '--deleted'], { cwd: root }).toString().split('\0');
  return listed
    .toString()
    .split('\0')
    .filter((path) => path !== '' && !deleted.includes(path) && path !== 'node_modules')
    .sort();
}

export const textOf = (path: string): string => readFileSync(`${root}/${path}`, 'utf8');

export const parsed = (path: string, text: string): ts.SourceFile =>
  ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);

/** Every node of a file, the file itself first. */
export function* nodesOf(node: ts.Node): Generator<ts.Node> {
  yield node;
  for (const child of node.getChildren()) yield* nodesOf(child);
}

/** The lines that hold more than space and comments. */
export function linesOfCode(file: ts.SourceFile): number {
  const lines = new Set<number>();
  for (const node of nodesOf(file)) {
    if (node.getChildCount() > 0 || node.kind === ts.SyntaxKind.EndOfFileToken || ts.isJSDoc(node)) continue;
    const first = file.getLineAndCharacterOfPosition(node.getStart()).line;
    const last = file.getLineAndCharacterOfPosition(node.getEnd()).line;
    for (let line = first; line <= last && node.getWidth() > 0; line++) lines.add(line);
  }
  return lines.size;
}
