import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';
import { isTestFile } from '../docs/generate.ts';
import { blocksOf, pageNamed } from '../docs/markdown.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
mkdirSync(`${root}/.cache`, { recursive: true });
const folder = mkdtempSync(`${root}/.cache/testing-`);
afterAll(() => rmSync(folder, { recursive: true }));

const blocks = blocksOf(pageNamed('docs/testing.md')).filter(({ code }) => isTestFile(code));
type Report = {
  readonly numPassedTests: number;
  readonly testResults: ReadonlyArray<{
    readonly message: string;
    readonly assertionResults: ReadonlyArray<{ readonly failureMessages: readonly string[] }>;
  }>;
};

it('vitest passes every test file of the page', { timeout: 120_000 }, async () => {
  for (const { line, code } of blocks) writeFileSync(`${folder}/line-${line}.test.ts`, `${code}\n`);
  const config = `export default { resolve: { alias: [
    { find: /^countersign$/, replacement: '${root}/src/index.ts' },
    { find: /^countersign\\/(.+)$/, replacement: '${root}/src/$1.ts' },
  ] } };`;
  writeFileSync(`${folder}/vitest.config.js`, config);
  const args = ['vitest', 'run', '--root', folder, '--config', `${folder}/vitest.config.js`, '--reporter', 'json'];
  const { stdout } = await promisify(execFile)('npx', args, { cwd: root, env: { ...process.env, CI: 'true' } }).catch(
    (failed: { stdout: string }) => failed,
  );
  const { numPassedTests, testResults } = JSON.parse(stdout.slice(stdout.indexOf('{'))) as Report;
  const tests = blocks.flatMap(({ code }) => code.match(/^it\(/gm) ?? []).length;
  expect(tests).toBeGreaterThan(4);
  const failures = testResults.flatMap(({ message, assertionResults }) => [
    ...(message ? [message] : []),
    ...assertionResults.flatMap(({ failureMessages }) => failureMessages),
  ]);
  expect(failures).toEqual([]);
  expect(numPassedTests).toBe(tests);
});
