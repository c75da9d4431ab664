import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Sample } from './memory-inside.ts';

/** What a process held while it did one thing over and over. */
export type Held = {
  readonly name: string;
  readonly samples: readonly Sample[];
  /** By how much it came to hold more than it ever did while it warmed up, in bytes. */
  readonly growth: Readonly<Record<Measure, number>>;
};

type Measure = 'heap' | 'rss';

/** What growth is no leak: the heap differs by what has just been done, RSS by how the collector gives pages back. In bytes. */
export const bounds: Readonly<Record<Measure, number>> = { heap: 2 * 2 ** 20, rss: 32 * 2 ** 20 };

/** Verifies so many requests, and floods a full store with so many nonces. */
export async function* held(
  folder: string,
  effort: { readonly requests: number; readonly nonces: number },
): AsyncGenerator<Held> {
  yield grown('requests through a verifier', await samplesOf(folder, 'verified', effort.requests));
  yield grown('nonces into a full memoryReplay', await samplesOf(folder, 'flooded', effort.nonces));
}

function grown(name: string, samples: readonly Sample[]): Held {
  // By the end of the warm-up, generations of nonces have come and gone, and everything has been compiled.
  const warmUp = Math.ceil(samples.length * 0.4);
  const most = (some: readonly Sample[], measure: Measure) => Math.max(...some.map((one) => one[measure]));
  const growth = (measure: Measure) => most(samples.slice(warmUp), measure) - most(samples.slice(0, warmUp), measure);
  return { name, samples, growth: { heap: growth('heap'), rss: growth('rss') } };
}

/** What a process of its own held while it did one thing so many times: see memory-inside.ts. */
export async function samplesOf(
  folder: string,
  what: 'verified' | 'flooded' | 'filled',
  count: number,
): Promise<readonly Sample[]> {
  const child = spawn(process.execPath, ['--expose-gc', join(folder, 'memory-inside.mjs'), what, String(count)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const samples: Sample[] = [];
  for await (const line of createInterface({ input: child.stdout })) samples.push(JSON.parse(line));
  const [status] = await ended;
  if (status !== 0) throw new Error(`Memory could not be measured: ${what} ended with status ${status}.`);
  return samples;
}
