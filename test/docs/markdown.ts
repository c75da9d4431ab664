import { readdirSync, readFileSync } from 'node:fs';

const root = new URL('../../', import.meta.url);

export type Page = { readonly path: string; readonly text: string };

/** A fenced block of a page. */
export type Block = {
  readonly page: string;
  /** Of the first line inside the fence, from 1. */
  readonly line: number;
  readonly language: string;
  readonly code: string;
};

/** The pages at the top level, and those directly in docs/. */
export const pages: readonly Page[] = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'CHANGELOG.md',
  ...markdownIn('docs/'),
].map((path) => ({
  path,
  text: readFileSync(new URL(path, root), 'utf8'),
}));

export function pageNamed(path: string): Page {
  const found = pages.find((page) => page.path === path);
  if (!found) throw new Error(`There is no ${path}.`);
  return found;
}

function markdownIn(folder: string): readonly string[] {
  return readdirSync(new URL(folder, root))
    .filter((name) => name.endsWith('.md'))
    .sort()
    .map((name) => folder + name);
}

export function blocksOf({ path, text }: Page): readonly Block[] {
  const blocks: Block[] = [];
  let open: { readonly line: number; readonly language: string; readonly lines: string[] } | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const fence = /^```(\w*)\s*$/.exec(line);
    if (!fence) open?.lines.push(line);
    else if (!open) open = { line: index + 2, language: fence[1] ?? '', lines: [] };
    else {
      blocks.push({ page: path, line: open.line, language: open.language, code: open.lines.join('\n') });
      open = undefined;
    }
  }
  if (open) throw new Error(`${path}: the fence above line ${open.line} is never closed.`);
  return blocks;
}

/** The blocks under a heading of the second or third level, up to the next heading. */
export function blocksUnder(page: Page, heading: string): readonly Block[] {
  const [, section = ''] = page.text.split(new RegExp(`\\n###? ${heading.replace(/\W/g, '\\$&')}\\n`));
  const [text = ''] = section.split(/\n##+ /);
  const blocks = blocksOf({ ...page, text });
  if (!blocks.length) throw new Error(`There is no block under ${heading} in ${page.path}.`);
  return blocks;
}

/** The page without what stands between fences. */
export const proseOf = ({ text }: Page): string => text.replace(/^```[\s\S]*?^```$/gm, '');

export type Heading = { readonly depth: number; readonly title: string; readonly anchor: string };

/** Headings with the anchors that GitHub gives them. */
export function headingsOf(page: Page): readonly Heading[] {
  const taken = new Map<string, number>();
  return [...proseOf(page).matchAll(/^(#+) (.+)$/gm)].map(([, marks = '', title = '']) => {
    const plain = title.replace(/`/g, '').toLowerCase();
    const slug = plain.replace(/[^\p{L}\p{N}_ -]/gu, '').replace(/ /g, '-');
    const times = taken.get(slug) ?? 0;
    taken.set(slug, times + 1);
    return { depth: marks.length, title, anchor: times ? `${slug}-${times}` : slug };
  });
}

/** Where the links of a page point. */
export const linksOf = (page: Page): readonly string[] =>
  [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
