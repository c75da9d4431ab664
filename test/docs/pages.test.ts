import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { blocksOf, headingsOf, linksOf, pageNamed, pages, proseOf } from './markdown.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const checked = [
  'README.md',
  ...[
    'client',
    'server',
    'proxies',
    'schemes',
    'webhooks',
    'standard-schemes',
    'errors',
    'security',
    'operations',
    'architecture',
  ].map((name) => `docs/${name}.md`),
];

it('all pages are there', () => {
  expect(pages.map(({ path }) => path)).toEqual(expect.arrayContaining(checked));
});

describe.each(pages)('$path', (page) => {
  it('links to pages and headings that exist', () => {
    const broken = linksOf(page).filter((target) => !resolves(page.path, target));
    expect(broken).toEqual([]);
  });

  it('names import paths that the package exports', () => {
    const named = [...page.text.matchAll(/['"`](countersign(?:\/[\w.-]+)*)['"`]/g)].map(([, path = '']) => path);
    const doors = Object.keys(manifest.exports).map((path) => path.replace(/^\./, 'countersign'));
    expect(
      named.filter((path) => !doors.includes(path) && !existsSync(join(root, path.replace('countersign/', '')))),
    ).toEqual([]);
  });

  it('names npm scripts that exist', () => {
    const shell = blocksOf(page).filter(({ language }) => /^(sh|bash)$/.test(language));
    const text = [proseOf(page), ...shell.map(({ code }) => code)].join('\n');
    const scripts = [...text.matchAll(/\bnpm (?:run (\w[\w:-]*)|(test|start)\b)/g)].map(
      ([, run, short]) => run ?? short,
    );
    expect(scripts.filter((name) => !(name && name in manifest.scripts))).toEqual([]);
  });

  it('has fences only in languages that are run, or that cannot be', () => {
    const languages = blocksOf(page).map(({ language }) => language);
    const known = /^(ts|js|sh|console|json|http|text|abnf|python|nginx|haproxy|caddyfile|yaml)$/;
    expect(languages.filter((language) => !known.test(language))).toEqual([]);
  });

  it('has JSON that parses', () => {
    for (const { language, code } of blocksOf(page))
      if (language === 'json') expect(() => JSON.parse(code)).not.toThrow();
  });
});

function resolves(from: string, target: string): boolean {
  if (/^https:\/\//.test(target)) return true;
  const [path = '', anchor] = target.split('#');
  const file = path ? normalize(join(dirname(from), path)) : from;
  if (!existsSync(join(root, file))) return false;
  return anchor === undefined || headingsOf(pageNamed(file)).some((heading) => heading.anchor === anchor);
}
