import type { ChildProcess } from 'node:child_process';
import { reachable } from './port.ts';

/** A server of the test's own that may be killed, and started again. */
export type Killable = {
  /** As `kill -9`. */
  kill(): Promise<void>;
  /** Starts it again on the same port, with what it wrote to disk. */
  restart(): Promise<void>;
  signal(name: 'SIGSTOP' | 'SIGCONT'): void;
};

/** Starts a server, and waits until it can be reached. */
export async function killable(start: () => ChildProcess, port: number): Promise<Killable> {
  let child = await started();

  async function started(): Promise<ChildProcess> {
    const process = start();
    await reachable(port);
    return process;
  }

  return {
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
    },
    async restart() {
      child = await started();
    },
    signal: (name) => {
      child.kill(name);
    },
  };
}
