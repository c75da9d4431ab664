// Writes the vectors of signed links: npx tsx test/vectors/generate-links.ts
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { keys, sign, verify } from './link-cases.ts';
import type { LinkVectors } from './link-format.ts';

const linkVectors: LinkVectors = {
  about:
    'Signed links, docs/protocol.md. sign: links to make, stage by stage. verify: received requests, and what a verifier with these keys finds; again: the same request was received before.',
  tolerance: 300,
  maxLifetime: 3600,
  keys,
  sign,
  verify,
};

export const text = `${JSON.stringify(linkVectors, undefined, 2)}\n`;

const file = fileURLToPath(new URL('./links.json', import.meta.url));
if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(file, text);
