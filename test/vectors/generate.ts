// Writes the vectors that are published: npx tsx test/vectors/generate.ts
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { forgeries } from './forgery-cases.ts';
import type { Vectors } from './format.ts';
import { grammar } from './grammar-cases.ts';
import { honest } from './honest-cases.ts';
import { bodiesAndReplays, freshness, keyStates } from './later-step-cases.ts';
import { forgedModifiers, signedModifiers } from './modifier-cases.ts';
import { signCase } from './oracle.ts';
import { answers, checkCase, received, respondCase } from './response-cases.ts';
import * as sign from './sign-cases.ts';
import { authorities, targets } from './target-cases.ts';
import { keys, verifyCase } from './verify-draft.ts';

const file: Vectors = {
  $schema: './schema.json',
  scheme: 'countersign-v1',
  about: [
    'Test vectors of countersign-v1, which docs/protocol.md specifies. schema.json says what each field is.',
    'sign: what a signer makes of a request, stage by stage. verify: what a verifier says of a request as received.',
    'respond: what a server adds to a response, stage by stage. check: what a client says of a response as received.',
    'All secrets are public. Nonces are the first 128 bits of SHA-256("countersign-v1 nonce of " + name), in hex.',
  ],
  keys,
  sign: [
    sign.plain,
    targets,
    authorities,
    sign.methods,
    sign.bodies,
    sign.contentTypes,
    sign.credentials,
    sign.timesAndNonces,
    sign.signedHeaders,
    sign.example,
    signedModifiers,
  ]
    .flat()
    .map(signCase),
  verify: [honest, forgeries, grammar, keyStates, freshness, bodiesAndReplays, forgedModifiers].flat().map(verifyCase),
  respond: answers.map(respondCase),
  check: received.map(checkCase),
};

/** The file, with a header field on one line. */
export const text: string = `${JSON.stringify(file, null, 2).replace(
  /\[\n\s+("(?:[^"\\]|\\.)*"),\n\s+("(?:[^"\\]|\\.)*")\n\s+\]/g,
  '[$1, $2]',
)}\n`;

const path = fileURLToPath(new URL('./countersign-v1.json', import.meta.url));
if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(path, text);
