import { dirname, join } from 'node:path/posix';
import ts from 'typescript';
import { nodesOf } from './sources.ts';

export type Import = {
  /** A path such as `src/core/body.ts` for a file of ours, else the specifier. */
  readonly to: string;
  /** Gone when the types are. */
  readonly typeOnly: boolean;
  /** By `import()`, which may fail alone. @default false */
  readonly dynamic?: true;
  /** Asked for of a runtime that may not have it: nothing is loaded that is not there already. @default false */
  readonly ifThere?: true;
};

/** What each file imports. */
export type Graph = ReadonlyMap<string, readonly Import[]>;

/** Everything a file pulls in: static and dynamic imports, re-exports, and built-in modules asked for by name. */
export function importsOf(path: string, file: ts.SourceFile): readonly Import[] {
  const found: Import[] = [];
  const add = (specifier: ts.Node | undefined, how: Omit<Import, 'to'>): void => {
    if (!specifier || !ts.isStringLiteralLike(specifier)) return;
    const { text } = specifier;
    found.push({ to: text.startsWith('.') ? join(dirname(path), text) : text, ...how });
  };
  for (const node of nodesOf(file)) {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, { typeOnly: node.importClause?.isTypeOnly === true });
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, { typeOnly: node.isTypeOnly });
    else if (ts.isImportTypeNode(node))
      add(ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined, { typeOnly: true });
    else if (ts.isCallExpression(node) && isLoader(node.expression))
      add(node.arguments[0], {
        typeOnly: false,
        ...(isImport(node.expression) && { dynamic: true }),
        ...(isQuestion(node.expression) && { ifThere: true }),
      });
  }
  return found;
}

const isImport = (callee: ts.Expression): boolean => callee.kind === ts.SyntaxKind.ImportKeyword;

const isQuestion = (callee: ts.Expression): boolean => /(?:^|\.)getBuiltinModule$/.test(callee.getText());

const isLoader = (callee: ts.Expression): boolean =>
  isImport(callee) || isQuestion(callee) || /(?:^|\.)require$/.test(callee.getText());

/** The way from a file to each file and package that it needs at run time, itself included. */
export function reachable(graph: Graph, entry: string): ReadonlyMap<string, readonly string[]> {
  const ways = new Map<string, readonly string[]>([[entry, [entry]]]);
  for (const [path, way] of ways) {
    for (const { to, typeOnly, ifThere } of graph.get(path) ?? []) {
      if (!typeOnly && !ifThere && !ways.has(to)) ways.set(to, [...way, to]);
    }
  }
  return ways;
}
