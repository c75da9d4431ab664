import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect } from 'vitest';
import type { Example } from './generate.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The errors of the compiler, in the form `page:line message`. An unused name is no error in an example. */
export function complaintsAbout(examples: readonly Example[]): readonly string[] {
  const config = ts.getParsedCommandLineOfConfigFile(`${root}test/tsconfig.json`, {}, {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: (found) =>
      expect.fail(ts.flattenDiagnosticMessageText(found.messageText, '\n')),
  } as ts.ParseConfigFileHost);
  const program = ts.createProgram(
    examples.map(({ file }) => file),
    { ...config?.options, noUnusedLocals: false, noUnusedParameters: false },
  );
  return ts.getPreEmitDiagnostics(program).map(({ file, start = 0, messageText }) => {
    const example = examples.find((one) => one.file === file?.fileName);
    const line = (file?.getLineAndCharacterOfPosition(start).line ?? 0) + (example ? example.line - 1 : 1);
    return `${example?.page ?? file?.fileName}:${line} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
  });
}

/** The lines that an example states that it prints: the text after each `// →`. */
export const expectedOf = ({ code }: Example): readonly string[] =>
  [...code.matchAll(/\/\/ → (.*)$/gm)].map(([, text = '']) => text);
