import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { blocksOf, pageNamed } from '../docs/markdown.ts';
import { nodes } from './nodes.ts';
import { install, type Project, run } from './project.ts';

vi.setConfig({ testTimeout: 120_000 });

const [, call, ky, server] = blocksOf(pageNamed('README.md')).map(({ code }) => code);

/** Runs both sides as pasted: only the address of the example is that of the server on a loopback port. */
const runner = `
import { createServer } from 'node:http';
import { readFileSync, writeFileSync } from 'node:fs';
import server from './server.js';

const seen = [];
const http = createServer(async (incoming, outgoing) => {
  const parts = [];
  for await (const part of incoming) parts.push(part);
  const request = new Request('http://' + incoming.headers.host + incoming.url, {
    method: incoming.method,
    headers: incoming.headers,
    body: Buffer.concat(parts),
  });
  const response = await server.fetch(request);
  const text = await response.text();
  seen.push([response.status, text]);
  outgoing.writeHead(response.status, Object.fromEntries(response.headers)).end(text);
});
http.listen(0, '127.0.0.1', async () => {
  const origin = 'http://127.0.0.1:' + http.address().port;
  writeFileSync('client-here.js', readFileSync('client.js', 'utf8').replaceAll('https://api.example.com', origin));
  await import('./client-here.js');
  const unsigned = await fetch(origin + '/v1/orders', { method: 'POST', body: '{}' });
  console.log(JSON.stringify({ seen: seen.slice(0, 2), unsigned: unsigned.status }));
  http.close();
  http.closeAllConnections();
});
`;

let project: Project;
beforeAll(async () => {
  project = await install();
  const { folder } = project;
  const { stdout } = await run(`${folder}/node_modules/.bin/countersign`, ['credentials'], { cwd: folder });
  writeFileSync(`${folder}/.env`, stdout);
  writeFileSync(`${folder}/client.js`, `${call}\n${ky}\n`);
  writeFileSync(`${folder}/server.js`, `${server}\n`);
  writeFileSync(`${folder}/run.js`, runner);
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
    const { stdout } = await run(path, ['--env-file=.env', 'run.js'], { cwd: project.folder });
    const accepted = [200, '{"hello":"shop"}'];
    expect(JSON.parse(stdout)).toEqual({ seen: [accepted, accepted], unsigned: 401 });
  });
});
