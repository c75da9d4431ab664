import { readFileSync } from 'node:fs';
import { SignatureError } from 'countersign';
import { expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { documentation } from '../../src/core/errors.ts';

const { homepage } = manifest as { readonly homepage?: string };
const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const site = /^https:/.test(documentation);

it('the help of an error is a heading of the documentation', () => {
  expect(new SignatureError('rate_limited', '').help).toBe(`${documentation}/errors.md#rate_limited`);
});

it('package.json and the README name the same address: none until there is a site, and then that of the site', () => {
  const links = [...readme.matchAll(/\]\(([^)#]*docs\/[^)]*)\)/g)].map(([, link = '']) => link);
  expect(links.length).toBeGreaterThan(10);
  expect(homepage).toBe(site ? documentation : undefined);
  const start = site ? `${documentation}/` : 'docs/';
  expect(links.filter((link) => !link.startsWith(start))).toEqual([]);
});
