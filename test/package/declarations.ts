import { mkdirSync, writeFileSync } from 'node:fs';
import ts from 'typescript';
import { root } from './project.ts';

/** A program of a user's, in TypeScript, over every door that needs no package of the user's own. */
const program = `
import { createSigner, prepareRequest, type RequestParts, signedFetch } from 'countersign';
import { signingHooks } from 'countersign/ky';
import { createVerifier, memoryKeys, memoryReplay, protect } from 'countersign/server';

const signer = createSigner({ accessKey: 'abc', secret: 'a secret of thirty-two characters' });
export const api: typeof fetch = signedFetch(signer);
export const hooks = signingHooks(signer);
export const headers: Record<string, string> = prepareRequest(signer, { url: 'https://api.example.com/', body: 'x' }).headers;
const verifier = createVerifier({
  keys: memoryKeys([{ accessKey: 'abc', service: 'shop', secrets: [{ secret: 'a secret of thirty-two characters' }] }]),
  replay: memoryReplay(),
});
export const serve: (request: Request) => Promise<Response> = protect(verifier, (request, { principal }) =>
  Response.json({ hello: principal.service, method: request.method }),
);
// @ts-expect-error A number is no body: where a type is missing, this line says nothing.
export const body: RequestParts['body'] = 1;
// @ts-expect-error A number is no secret.
createSigner({ accessKey: 'abc', secret: 1 });
`;

export type Setting = { readonly lib: readonly string[]; readonly types: readonly string[]; readonly module: string };

/** The ways in which users compile: for pages, for workers, and for Node without the DOM's types. */
export const settings: readonly Setting[] = [
  { lib: ['es2022', 'dom'], types: [], module: 'bundler' },
  { lib: ['es2022', 'dom'], types: [], module: 'nodenext' },
  { lib: ['es2022', 'webworker'], types: [], module: 'bundler' },
  { lib: ['es2022'], types: ['node'], module: 'nodenext' },
];

/** What a strict compiler that also checks the declarations of packages finds wrong in the program. */
export function compiled(folder: string, { lib, types, module }: Setting): readonly string[] {
  mkdirSync(`${folder}/src`, { recursive: true });
  writeFileSync(`${folder}/src/user.ts`, program);
  const { options, errors } = ts.convertCompilerOptionsFromJson(
    {
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      skipLibCheck: false,
      target: 'es2022',
      lib,
      types,
      typeRoots: [`${root}/node_modules/@types`],
      module: module === 'bundler' ? 'esnext' : module,
      moduleResolution: module,
    },
    folder,
  );
  const checked = ts.createProgram([`${folder}/src/user.ts`], options);
  // Only the program and our declarations: to check the platform's own takes seconds.
  const ours = checked.getSourceFiles().filter(({ fileName }) => /\/(?:countersign\/dist|src)\//.test(fileName));
  const found = ours.flatMap((file) => ts.getPreEmitDiagnostics(checked, file));
  if (ours.length < 4) return ['no declarations of ours were found'];
  return [...errors, ...found].map(({ file, messageText }) =>
    [file?.fileName.replace(folder, ''), ts.flattenDiagnosticMessageText(messageText, ' ')].join(': '),
  );
}

/** The places where a declaration says `any`. */
export function anyIn(name: string, text: string): readonly string[] {
  const file = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (node.kind === ts.SyntaxKind.AnyKeyword) found.push(`${name}: ${node.parent.getText()}`);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}
