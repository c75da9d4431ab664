// Writes the clients and the protocol into the module that ships them: npx tsx test/kit/generate.ts
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const list = (folder: string) =>
  readdirSync(root + folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.\w+$/.test(path))
    .sort()
    .map((path) => ({ path, text: readFileSync(`${root}${folder}${path}`, 'utf8') }));
const protocol = readFileSync(`${root}docs/protocol.md`, 'utf8')
  .replaceAll('../test/vectors/countersign-v1.json', 'vectors/all.json')
  .replace(/\[([^\]]+)\]\((?:\.\.|[\w-]+\.md)[^)]*\)/g, '$1');

/** The file, sorted by path. */
export const text: string = `${JSON.stringify(
  Object.fromEntries([
    ['protocol.md', protocol],
    ...list('src/kit/clients/').map(({ path, text }) => [path, text] as const),
    ...list('src/kit/runtimes/').map(({ path, text }) => [`runtimes/${path}`, text] as const),
  ]),
  null,
  2,
)}\n`;

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(`${root}src/kit/client-files.json`, text);
