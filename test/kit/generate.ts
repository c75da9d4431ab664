// Writes the clients and the protocol into the module that ships them: npx tsx test/kit/generate.ts
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const clients = `${root}src/kit/clients/`;
const paths = readdirSync(clients, { recursive: true, encoding: 'utf8' }).filter((path) => /\.\w+$/.test(path));
const protocol = readFileSync(`${root}docs/protocol.md`, 'utf8')
  .replaceAll('../test/vectors/countersign-v1.json', 'vectors/all.json')
  .replace(/\[([^\]]+)\]\((?:\.\.|[\w-]+\.md)[^)]*\)/g, '$1');

/** The file, sorted by path. */
export const text: string = `${JSON.stringify(
  Object.fromEntries([
    ['protocol.md', protocol],
    ...paths.sort().map((path) => [path, readFileSync(clients + path, 'utf8')] as const),
  ]),
  null,
  2,
)}\n`;

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(`${root}src/kit/client-files.json`, text);
