import { expect, it } from 'vitest';
import { root, run } from './project.ts';

type Measured = { readonly name: string; readonly size: number; readonly sizeLimit: number; readonly passed: boolean };

const target = 5000;

it('is no larger than it was, and the ky hook adds at most 300 bytes', async () => {
  const { stdout } = await run(`${root}/node_modules/.bin/size-limit`, ['--json'], { cwd: root });
  const measured = JSON.parse(stdout) as readonly Measured[];
  for (const { name, size, sizeLimit } of measured) console.info(`${size} B min+gzip (limit ${sizeLimit}): ${name}`);
  const [client, withHooks] = measured;
  console.info(`${(client?.size ?? 0) - target} B above the target of ${target} B`);
  expect(measured.filter(({ passed }) => !passed)).toEqual([]);
  expect(client?.name).toContain('signer + signedFetch');
  expect((withHooks?.size ?? Infinity) - (client?.size ?? 0)).toBeLessThanOrEqual(300);
  // A limit far above the size would let it grow again unseen.
  expect(measured.filter(({ size, sizeLimit }) => sizeLimit - size > 250)).toEqual([]);
});
