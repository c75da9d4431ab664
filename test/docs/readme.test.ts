import { describe, expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { blocksOf, pageNamed } from './markdown.ts';

const readme = pageNamed('README.md');
const lines = readme.text.split('\n');

describe('the README', () => {
  it('opens with one sentence', () => {
    expect(lines[0]).toMatch(/^\S[^.]*\.$/);
  });

  it('has the installation, a pair of credentials, a signed call, ky and a verifying server on its first screen, in this order', () => {
    const code = blocksOf(readme)
      .slice(0, 4)
      .map((block) => block.code);
    expect(code[0]).toMatch(/^npm install countersign ky\nnpx countersign credentials/);
    expect(code[1]).toMatch(/createSigner\([\s\S]+signedFetch\([\s\S]+await api\(/);
    expect(code[2]).toMatch(/signingHooks\([\s\S]+await /);
    expect(code[3]).toMatch(/createVerifier\([\s\S]+protect\(verifier/);
    expect(blocksOf(readme)[3]?.line).toBeLessThanOrEqual(35);
  });

  it('has no badges and no images', () => {
    expect(readme.text).not.toMatch(/!\[|<img|shields\.io/i);
  });

  it('prints the limits of `npm run size`, in the table and in the comparison', () => {
    const rows = lines.filter((line) => /^\|.* kB\b/.test(line));
    const printed = rows.map((row) => [namesIn(row).join(' '), Number(/([\d.]+) kB/.exec(row)?.[1])]);
    const limits = new Map(
      manifest['size-limit'].map((one) => [
        namesIn(JSON.stringify(one.import)).join(' '),
        Number.parseFloat(one.limit),
      ]),
    );
    expect(printed.length).toBeGreaterThan(3);
    const sizes = printed.map(([, size]) => size);
    const compared = readme.text.slice(readme.text.indexOf('## What it is for'), readme.text.indexOf('## Install'));
    const own = [...compared.matchAll(/\b([\d.]+\.\d) kB/g)].map(([, size]) => Number(size));
    expect(sizes).toEqual(expect.arrayContaining(own));
    expect(own.length).toBeGreaterThan(2);
    expect(printed).toEqual(
      printed.map(([names]) => [names, Math.ceil((limits.get(String(names)) ?? Number.NaN) / 100) / 10]),
    );
  });
});

/** The exports of this package that a text names. */
const namesIn = (text: string): readonly string[] =>
  [...text.matchAll(/\b(?:(?:create|signed|signing)\w+|sigv4|rfc9421)\b/g)].map(([name]) => name).sort();
