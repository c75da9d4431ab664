import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { schemeChecks } from '../runtimes/suite/schemes.ts';
import { text } from './generate-schemes.ts';
import { schemeVectors } from './read-schemes.ts';

describe('the vectors of the other schemes', () => {
  it('are what the generator writes, to the byte', () => {
    const published = readFileSync(new URL('./schemes.json', import.meta.url), 'utf8');
    expect(published === text, 'npx tsx test/vectors/generate-schemes.ts writes them anew').toBe(true);
  });

  it('name each case once', () => {
    const names = schemeVectors.cases.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThan(100);
  });

  it.each(schemeChecks)('$name', async ({ run }) => {
    const unused = { base: '', other: '', accessKey: '', secret: '' };
    await run({ runtime: 'node', realm: 'process', ...unused });
  });
});
