// A project of a user: with this package as it is built and packed, inside this folder, where what is installed for the tests is found.
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { generateCredentials } from 'countersign';
import { namesGiven } from '../../docs/generate.ts';
import { blocksUnder, pageNamed } from '../../docs/markdown.ts';
import { build, root } from '../../package/project.ts';
import { here } from '../hosts/host.ts';

export type Files = Readonly<Record<string, string>>;

export type Project = {
  readonly folder: string;
  write(files: Files): void;
  remove(): void;
};

const { accessKey, secret } = generateCredentials();

/** Whose requests the apps of projects let through. Unlike what is generated, JSON has the secret of this. */
export const credentials = { accessKey, secret } as const;

/** Creates a project with these files. */
export async function createProject(files: Files): Promise<Project> {
  await build();
  mkdirSync(here('.cache'), { recursive: true });
  const folder = mkdtempSync(here('.cache/project-'));
  const write = (more: Files): void => {
    for (const [path, text] of Object.entries(more)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
  };
  cpSync(join(root, 'dist'), join(folder, 'node_modules/countersign/dist'), { recursive: true });
  cpSync(join(root, 'package.json'), join(folder, 'node_modules/countersign/package.json'));
  write({ ...given, ...files });
  return { folder, write, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** The blocks under a heading of docs/adapters.md, as modules of a project. */
export const recipes = (heading: string): readonly string[] =>
  blocksUnder(pageNamed('docs/adapters.md'), heading).map(({ code }) => {
    const names = namesGiven(code);
    return `${names.length ? `import { ${names.join(', ')} } from 'given';\n` : ''}${code}\n`;
  });

// What the blocks take as given.
const given: Files = {
  'node_modules/given/package.json': '{ "name": "given", "type": "module", "exports": "./given.js" }\n',
  'node_modules/given/given.d.ts': `
import type { Signer } from 'countersign';
import type { Verifier } from 'countersign/server';
export const accessKey: string;
export const secret: string;
export const signer: Signer;
export const verifier: Verifier;
`,
  'node_modules/given/given.js': `
import { createSigner } from 'countersign';
import { createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
export const { accessKey, secret } = ${JSON.stringify(credentials)};
export const signer = createSigner({ accessKey, secret });
export const verifier = createVerifier({
  keys: memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }], scopes: ['orders:write'] }]),
  replay: memoryReplay(),
});
`,
};
