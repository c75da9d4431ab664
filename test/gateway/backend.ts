import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { blocksOf, pageNamed } from '../docs/markdown.ts';
import { freePort, reachable } from '../stores/port.ts';

/** What the backend in Python has seen of one request. */
export type SeenRequest = {
  readonly method: string;
  readonly target: string;
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>;
  /** The port of the other end: the same for requests on one connection. */
  readonly connection: number;
  /** Bytes of the body. */
  readonly received: number;
  /** Whether it has come to its end, as HTTP tells ends. */
  readonly complete: boolean;
  readonly sha256?: string;
  /** Whether the body is the one of which X-Countersign-Body speaks. */
  readonly fits?: boolean;
  readonly hungUp?: true;
};

export type PythonBackend = {
  readonly origin: string;
  /** All requests, in order, also those that are still coming in. */
  seen(): Promise<readonly SeenRequest[]>;
  close(): Promise<void>;
};

/** A server in Python: backend.py beside this file. */
export async function startBackend(): Promise<PythonBackend> {
  const child = spawn('python3', [fileURLToPath(new URL('backend.py', import.meta.url))], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const origin = `http://127.0.0.1:${await firstLine(child)}`;
  return {
    origin,
    async seen() {
      const answer = (await (await fetch(`${origin}/~seen`)).json()) as { readonly seen: readonly SeenRequest[] };
      return answer.seen;
    },
    close: () => ended(child),
  };
}

/** The backend that docs/other-languages.md has. */
export async function startDocumentedBackend(): Promise<Omit<PythonBackend, 'seen'>> {
  const block = blocksOf(pageNamed('docs/other-languages.md')).find(({ language }) => language === 'python');
  const port = await freePort();
  const code = (block?.code ?? '').replace('"127.0.0.1", 9302', `"127.0.0.1", ${port}`);
  const child = spawn('python3', ['-c', code], { stdio: 'ignore' });
  await reachable(port);
  return { origin: `http://127.0.0.1:${port}`, close: () => ended(child) };
}

async function ended(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

async function firstLine({ stdout }: ChildProcess): Promise<string> {
  if (stdout) for await (const line of createInterface(stdout)) return line;
  throw new Error('The backend has not started.');
}

/** The fields of a request that say who calls, as a backend reads them. */
export const toldTo = ({ headers }: SeenRequest): Record<string, string> =>
  Object.fromEntries(
    headers.filter(([name]) => /^x.countersign/i.test(name)).map(([name, value]) => [name.toLowerCase(), value]),
  );
