import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { type Block, blocksOf, pages } from './markdown.ts';
import * as prelude from './prelude.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** A block as a module: one line that imports what it takes as given, then the code as printed. */
export type Example = Block & { readonly file: string };

export type Examples = { readonly all: readonly Example[]; readonly folder: string; remove(): void };

/**
 * Writes the blocks of code of the documentation, except CommonJS, which test/runtimes/test-runners.test.ts runs, and recipes for
 * frameworks that are installed only there, which test/runtimes/frameworks.test.ts runs.
 */
export const writeExamples = (): Examples =>
  writeModules(
    pages
      .flatMap(blocksOf)
      .filter(({ language }) => /^(ts|js|typescript|javascript|tsx)$/.test(language))
      .filter(({ code }) => !isCommonJs(code) && !isForFramework(code)),
  );

/** True for a block for SvelteKit, Elysia or Nitro. */
export const isForFramework = (code: string): boolean =>
  /from '(?:@sveltejs\/kit\/hooks|elysia|nitro\/h3)'|defineEventHandler/.test(code);

/** True for a block that is CommonJS: it needs a runner of its own. */
export const isCommonJs = (code: string): boolean => /\brequire\('|^module\.exports\b/m.test(code);

/** True for a block that is a test file of vitest: vitest runs it in test/testing/page.test.ts. */
export const isTestFile = (code: string): boolean => code.includes("from 'vitest'");

/** Writes each block as a module into a new folder inside the repository, where it can import this package. */
export function writeModules(blocks: readonly Block[]): Examples {
  const cache = join(root, '.cache');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'examples-'));
  const all = blocks.map((block) => {
    const file = join(folder, `${block.page.replace(/\W/g, '-')}-${block.line}.ts`);
    const code = block.code
      .replace("'cloudflare:workers'", `'${root}test/docs/bindings.ts'`)
      .replace("'./shop.ts'", `'${root}test/docs/shop.ts'`);
    writeFileSync(file, `${given(block.code)}\n${code}\nexport {};\n`);
    return { ...block, file };
  });
  return { all, folder, remove: () => rmSync(folder, { recursive: true }) };
}

/** What a block takes as given: the names of test/docs/prelude.ts that it uses and does not declare. */
export function namesGiven(code: string): readonly string[] {
  const declared = namesDeclared(code);
  return Object.keys(prelude).filter((name) => uses(code, name) && !declared.includes(name));
}

function given(code: string): string {
  const names = namesGiven(code);
  return names.length ? `import { ${names.join(', ')} } from '${root}test/docs/prelude.ts';` : '';
}

const uses = (code: string, name: string): boolean => new RegExp(`(?<![.\\w])${name}\\b(?!\\s*[:(])`).test(code);

function namesDeclared(code: string): readonly string[] {
  const source = ts.createSourceFile('example.ts', code, ts.ScriptTarget.ES2022);
  return source.statements
    .flatMap((statement) => (ts.isVariableStatement(statement) ? statement.declarationList.declarations : []))
    .flatMap(({ name }) => namesIn(name));
}

const namesIn = (name: ts.BindingName): readonly string[] =>
  ts.isIdentifier(name)
    ? [name.text]
    : name.elements.flatMap((element) => (ts.isBindingElement(element) ? namesIn(element.name) : []));
