import ts from 'typescript';
import { nodesOf } from './sources.ts';

/** What a source file holds that none may hold, in words. */
export function faults(file: ts.SourceFile): readonly string[] {
  return [...nodesOf(file)].flatMap((node) => {
    const found = faultOf(node);
    const { line } = file.getLineAndCharacterOfPosition(node.getStart());
    return found ? [`${file.fileName}:${line + 1} ${found}`] : [];
  });
}

function faultOf(node: ts.Node): string | undefined {
  if (node.kind === ts.SyntaxKind.AnyKeyword) return 'any';
  if (node.kind === ts.SyntaxKind.DefaultKeyword && !ts.isDefaultClause(node.parent)) return 'default export';
  if (ts.isExportAssignment(node) && node.isExportEquals) return 'default export';
  if (ts.isExportSpecifier(node) && node.name.text === 'default') return 'default export';
  if (ts.isClassLike(node) && node.name?.text !== 'SignatureError') return 'class';
  if (ts.isEnumDeclaration(node) || ts.isModuleDeclaration(node)) return 'enum or namespace';
  if (ts.isNonNullExpression(node)) return 'unchecked !';
  return undefined;
}

/** Marks of unfinished work in any text: put off, switched off, or singled out. */
export function unfinished(text: string): readonly string[] {
  return (
    text.match(/\b(?:TODO|FIXME|XXX)\b|@ts-(?:ignore|nocheck)\b|\b(?:it|test|describe)\.(?:only|skip|todo)\b/g) ?? []
  );
}
