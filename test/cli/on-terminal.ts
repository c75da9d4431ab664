import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { present } from '../vectors/present.ts';
import { bin, searchPath } from './run.ts';

// Python has pseudo-terminals in its standard library, and Node has none.
const program = 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))';

export const terminalHere: boolean = present('python3', '--version');

export type OnTerminal = {
  readonly node?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** What is typed once the terminal shows `after`. */
  readonly typed?: { readonly after: string; readonly keys: string };
};

/** Runs the program on a terminal, and tells what that has shown. */
export async function onTerminal(
  args: readonly string[],
  { node = process.execPath, env, cwd, typed }: OnTerminal,
): Promise<{ readonly status: number; readonly shown: string }> {
  const child = spawn('python3', ['-c', program, node, bin, ...args], {
    cwd,
    env: { ...searchPath, TERM: 'xterm', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let shown = '';
  let waiting = typed;
  child.stdout.on('data', (text) => {
    shown += text;
    if (waiting && shown.includes(waiting.after)) {
      child.stdin.write(waiting.keys);
      waiting = undefined;
    }
  });
  const [status] = (await once(child, 'close')) as [number];
  return { status, shown };
}
