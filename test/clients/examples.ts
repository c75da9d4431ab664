import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { onTestFinished } from 'vitest';
import { writeModules } from '../docs/generate.ts';
import { blocksUnder, pageNamed } from '../docs/markdown.ts';
import { accessKey, secret } from '../docs/prelude.ts';

const page = pageNamed('docs/clients.md');
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Writes the examples under a heading of docs/clients.md to files, calling this origin, until the test has finished. */
export function examplesUnder(heading: string, origin: string): readonly string[] {
  const blocks = blocksUnder(page, heading);
  const { all, remove } = writeModules(
    blocks.map((block) => ({ ...block, code: block.code.replaceAll('https://api.example.com', origin) })),
  );
  onTestFinished(remove);
  return all.map(({ file }) => file);
}

const given = `import { createSigner } from 'countersign';
export const [accessKey, secret] = ${JSON.stringify([accessKey, secret])};
export const signer = createSigner({ accessKey, secret });`;

/** Bundles an example, with the credentials of this process: a script whose exports are the global \`recipe\`. */
export async function bundleExample(file: string, before: readonly string[] = []): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: [...before, file].map((path) => `export * from ${JSON.stringify(path)};`).join('\n'),
      resolveDir: here('.'),
    },
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'recipe',
    // Examples have effects, and the package says that its files have none.
    ignoreAnnotations: true,
    target: 'es2022',
    logLevel: 'warning',
    tsconfig: here('../../tsconfig.json'),
    plugins: [
      {
        name: 'prelude',
        setup({ onLoad }) {
          onLoad({ filter: /\/prelude\.ts$/ }, () => ({ contents: given, resolveDir: here('.') }));
        },
      },
    ],
  });
  return outputFiles[0]?.text ?? '';
}
