import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { pageNamed } from './markdown.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const readme = pageNamed('README.md');
const lines = readme.text.split('\n');

describe('the README', () => {
  it('opens with one sentence', () => {
    expect(lines[0]).toMatch(/^\S[^.]*\.$/);
  });

  it('has a signed call by line 8 and a verifying server by line 25', () => {
    expect(lines.slice(0, 8).join('\n')).toMatch(/createSigner\([\s\S]+await api\./);
    const opening = lines.slice(0, 25).join('\n');
    expect(opening).toMatch(/createVerifier\([\s\S]+protect\(verifier/);
    expect(opening.match(/^```/gm)).toHaveLength(4);
  });

  it('has no badges and no images', () => {
    expect(readme.text).not.toMatch(/!\[|<img|shields\.io/i);
  });

  it.each([
    ['`createSigner` and `signedFetch`', "export { createSigner, signedFetch } from 'countersign'"],
    [
      '`createSigner` and `signingHooks`',
      "export { createSigner } from 'countersign'; export { signingHooks } from 'countersign/ky'",
    ],
  ])('prints the size of %s to 0.2 kB', async (imports, source) => {
    const row = lines.find((line) => line.startsWith(`| ${imports} `));
    expect(Math.abs(Number(/([\d.]+) kB/.exec(row ?? '')?.[1]) - (await kilobytesOf(source)))).toBeLessThan(0.2);
  });
});

async function kilobytesOf(source: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: root },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    write: false,
    external: ['ky'],
    alias: { countersign: `${root}src/index.ts`, 'countersign/ky': `${root}src/ky.ts` },
  });
  return gzipSync(outputFiles[0]?.contents ?? '', { level: 9 }).length / 1000;
}
