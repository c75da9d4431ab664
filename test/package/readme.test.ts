import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { blocksOf, pageNamed } from '../docs/markdown.ts';
import { freePort } from '../stores/port.ts';
import { nodes } from './nodes.ts';
import { install, type Project, run } from './project.ts';

vi.setConfig({ testTimeout: 120_000 });

const [, call, ky, server] = blocksOf(pageNamed('README.md')).map(({ code }) => code);

/** Runs both sides as pasted: only the port is another. */
const runner = `
import './server.mjs';

for (let waited = 0; waited < 100; waited++) {
  if (await fetch('http://localhost:' + process.env.PORT).catch(() => undefined)) break;
  await new Promise((resolve) => setTimeout(resolve, 50));
}
await import('./client-here.mjs');
const unsigned = await fetch('http://localhost:' + process.env.PORT + '/v1/orders', { method: 'POST', body: '{}' });
console.log('unsigned', unsigned.status);
process.exit();
`;

let project: Project;
let port: number;
beforeAll(async () => {
  project = await install();
  const { folder } = project;
  const { stdout } = await run(`${folder}/node_modules/.bin/countersign`, ['credentials'], { cwd: folder });
  writeFileSync(`${folder}/.env`, stdout);
  // As `npm init -y` makes it.
  const manifest = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
  writeFileSync(`${folder}/package.json`, JSON.stringify({ ...manifest, type: 'commonjs' }));
  port = await freePort();
  writeFileSync(`${folder}/client-here.mjs`, `${call}\n${ky}\n`.replaceAll('localhost:8080', `localhost:${port}`));
  writeFileSync(`${folder}/server.mjs`, `${server}\n`);
  writeFileSync(`${folder}/run.mjs`, runner);
}, 180_000);
afterAll(() => project?.remove());

// npm brings ky 1 on Node 20, and ky 2 on later versions.
describe.each([1, 2])('the first screen of the README, as pasted, with ky %i', (major) => {
  beforeAll(async () => {
    const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'];
    await run('npm', ['install', ...quiet, `ky@${major}`], { cwd: project.folder });
    const { version } = JSON.parse(readFileSync(`${project.folder}/node_modules/ky/package.json`, 'utf8'));
    expect(version).toMatch(new RegExp(`^${major}\\.`));
  }, 120_000);

  // The engines of ky 2 begin with Node 22.
  const able = nodes.filter(({ name }) => major === 1 || !name.startsWith('Node 20'));

  it.each(able)('makes signed calls that its server accepts, in $name', async ({ name, path, found }) => {
    if (!found && process.env.CI) throw new Error(`${name} is not installed (npm run runtimes)`);
    if (!found) return console.warn(`NOT TESTED: ${name}, for it is not installed (npm run runtimes)`);
    const { stdout } = await run(path, ['--env-file=.env', 'run.mjs'], {
      cwd: project.folder,
      env: { ...process.env, PORT: String(port) },
    });
    expect(stdout.trim().split('\n')).toEqual(["200 { hello: 'shop' }", "{ hello: 'shop' }", 'unsigned 401']);
  });
});
