import { dirname, join } from 'node:path/posix';
import ts from 'typescript';
import { nodesOf } from './sources.ts';

export type Import = {
  /** A path such as `src/core/body.ts` for a file of ours, else the specifier. */
  readonly to: string;
  /** Gone when the types are. */
  readonly typeOnly: boolean;
};

/** What each file imports. */
export type Graph = ReadonlyMap<string, readonly Import[]>;

/** Everything a file pulls in: static and dynamic imports, re-exports, and built-in modules asked for by name. */
export function importsOf(path: string, file: ts.SourceFile): readonly Import[] {
  const found: Import[] = [];
  const add = (specifier: ts.Node | undefined, typeOnly: boolean): void => {
    if (!specifier || !ts.isStringLiteralLike(specifier)) return;
    const { text } = specifier;
    found.push({ to: text.startsWith('.') ? join(dirname(path), text) : text, typeOnly });
  };
  for (const node of nodesOf(file)) {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, node.importClause?.isTypeOnly === true);
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportTypeNode(node))
      add(ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined, true);
    else if (ts.isCallExpression(node) && isLoader(node.expression)) add(node.arguments[0], false);
  }
  return found;
}

const isLoader = (callee: ts.Expression): boolean =>
  callee.kind === ts.SyntaxKind.ImportKeyword || /(?:^|\.)(?:require|getBuiltinModule)$/.test(callee.getText());

/** The way from a file to each file and package that it needs at run time, itself included. */
export function reachable(graph: Graph, entry: string): ReadonlyMap<string, readonly string[]> {
  const ways = new Map<string, readonly string[]>([[entry, [entry]]]);
  for (const [path, way] of ways) {
    for (const { to, typeOnly } of graph.get(path) ?? []) {
      if (!typeOnly && !ways.has(to)) ways.set(to, [...way, to]);
    }
  }
  return ways;
}
