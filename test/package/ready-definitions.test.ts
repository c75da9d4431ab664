import { build } from 'esbuild';
import { expect, it } from 'vitest';
import { ready } from '../schemes/definitions/ready.ts';

const root = new URL('../../', import.meta.url).pathname;

async function sizeOf(name: string): Promise<number> {
  const contents = `import { ${name} } from './dist/schemes.js'; console.log(${name});`;
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root },
    ...{ bundle: true, minify: true, format: 'esm', write: false },
  });
  return outputFiles[0]?.contents.length ?? Infinity;
}

it('bundles one definition for an import of one, and not the catalogue', async () => {
  const sizes = await Promise.all(ready.map(async ({ exported }) => ({ exported, size: await sizeOf(exported) })));
  expect(sizes.filter(({ size }) => !(size < 1000))).toEqual([]);
});
