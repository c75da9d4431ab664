// Writes the vectors of sessions: npx tsx test/vectors/generate-sessions.ts
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bound, boundRequests, malformedBound } from './bound-cases.ts';
import { derive, malformed, requests } from './session-cases.ts';
import type { SessionVectors } from './session-format.ts';

export const sessionVectors: SessionVectors = {
  about:
    'Sessions, docs/browsers.md. derive: the access key and secret of each link. malformed: access keys that are refused before a look-up. requests: what a verifier finds once the signature is valid; all sessions are of the parent shop. bound: access keys of sessions that are bound to a key pair. boundRequests: requests to api.example.com under such access keys, and what a verifier finds.',
  tolerance: 300,
  maxLifetime: 86400,
  derive,
  malformed: [...malformed, ...malformedBound],
  requests,
  bound,
  boundRequests,
};

export const text = `${JSON.stringify(sessionVectors, undefined, 2)}\n`;

const file = fileURLToPath(new URL('./sessions.json', import.meta.url));
if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(file, text);
