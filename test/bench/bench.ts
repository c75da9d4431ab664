/**
 * Measures src/, bundled anew, beside other libraries and beside the least that could be done.
 *
 *   npm run bench -- [--quick] [--only=<part of an operation's name, or ky>] [--on=node,node24,bun,deno]
 *
 * Ratios are of one run, so they can be compared between machines; times cannot. With --quick they are rough.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { bundle } from './bundle.ts';
import { type Found, found } from './found.ts';
import type { KyFigure } from './inside-ky.ts';
import type { Measured } from './measure.ts';
import { kyTable, table } from './report.ts';
import { judge } from './targets.ts';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    on: { type: 'string', default: 'node,bun,deno' },
  },
});
const { quick, only } = options;
const here = import.meta.dirname;
// hawk uses functions that Node warns of.
const env = { ...process.env, NODE_NO_WARNINGS: '1' };
const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-'));

async function run<Figure>({ name, command, args }: Found, script: string, ...given: string[]): Promise<Figure[]> {
  const child = spawn(command, [...args, join(folder, script), ...given], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env,
  });
  const ended = once(child, 'exit');
  const figures: Figure[] = [];
  for await (const line of createInterface({ input: child.stdout })) figures.push(JSON.parse(line));
  const [status] = await ended;
  if (status !== 0) throw new Error(`${name} ended with status ${status}`);
  return figures;
}

async function runKy(runtime: Found): Promise<void> {
  const server = spawn(process.execPath, [join(folder, 'ky-server.mjs')], { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    const [port] = await once(createInterface({ input: server.stdout }), 'line');
    const effort = quick ? ['3', '200'] : ['11', '500'];
    console.log(
      kyTable(await run<KyFigure>(runtime, 'inside-ky.mjs', `http://127.0.0.1:${String(port)}/v1`, ...effort)),
    );
  } finally {
    server.kill();
  }
}

try {
  // The same code for every runtime.
  await bundle(
    ['inside', 'inside-ky', 'ky-server'].map((name) => join(here, `${name}.ts`)),
    folder,
  );
  const runtimes = found(options.on.split(','));
  console.log(
    `src/ bundled by esbuild; ${quick ? 'a quick run, ratios are rough' : 'medians of the ratios of 7 rounds'}`,
  );
  for (const runtime of runtimes) {
    console.log(`\n${runtime.name} ${runtime.version}\n`);
    const effort = quick ? ['3', '15'] : ['7', '60'];
    const figures = only === 'ky' ? [] : await run<Measured>(runtime, 'inside.mjs', only, ...effort);
    if (figures.length) console.log(table(judge(runtime.name, figures)));
    if (!only || only === 'ky') {
      console.log('\nky end to end, on loopback\n');
      await runKy(runtime);
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}
