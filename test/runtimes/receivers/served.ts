import { spawn } from 'node:child_process';
import { killable } from '../../stores/killable.ts';
import { freePort } from '../../stores/port.ts';
import type { Surroundings } from '../hosts/host.ts';

export type Served = {
  /** As in `http://127.0.0.1:40001`. */
  readonly origin: string;
  close(): Promise<void>;
};

type Program = Surroundings & { readonly file: string; readonly args: readonly string[] };

/** Starts a program that listens on 127.0.0.1, on the port of the variable `PORT`. */
export async function startServer({ file, args, variables, cwd }: Program): Promise<Served> {
  const port = await freePort();
  const env = { ...process.env, NODE_ENV: 'production', HOST: '127.0.0.1', PORT: `${port}`, ...variables };
  const { kill } = await killable(() => spawn(file, args, { env, cwd, stdio: 'ignore' }), port);
  return { origin: `http://127.0.0.1:${port}`, close: kill };
}
