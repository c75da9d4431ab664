import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { bin, searchPath } from './run.ts';

/** Starts kit serve, and stops it again. */
export async function serving(args: readonly string[], use: (url: string) => Promise<void>) {
  const child = spawn(process.execPath, [bin, 'kit', 'serve', '--listen', '127.0.0.1:0', ...args], { env: searchPath });
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  const first = once(reader, 'line');
  reader.on('line', (line) => lines.push(line));
  const [listening] = (await first) as [string];
  await use(/http:\/\/[\d.:]+/.exec(listening)?.[0] ?? '');
  const closed = once(child, 'close');
  child.kill('SIGTERM');
  const [status] = (await closed) as [number];
  return { status, output: lines.join('\n') };
}
