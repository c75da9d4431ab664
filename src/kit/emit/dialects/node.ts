import type { Plan } from '../../../schemes/define/plan/plan.ts';
import files from '../../client-files.json' with { type: 'json' };
import { listDefinitions } from '../client.ts';
import type { Dialect } from '../dialect.ts';
import { joinFitting } from '../join-fitting.ts';
import { toCamelCase } from '../names.ts';
import { toByteText } from '../to-byte-text.ts';

const literal = (text: string): string =>
  JSON.stringify(toByteText(text)).replace(
    /[^ -~]/g,
    (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );

const words = (texts: readonly string[]): string => `[${texts.map(literal).join(', ')}]`;

const node: Dialect = {
  language: 'node',
  literal,
  word: literal,
  words,
  variable: (name) => name,
  call: (name, args) => `${toCamelCase(name)}(${args.join(', ')})`,
  reference: toCamelCase,
  field: (name) => `r.${toCamelCase(name)}`,
  join: (parts) => joinFitting(parts, { operator: ' + ', broken: ' +\n    ' }),
  when: (condition, made) => `(${condition} ? ${made} : "")`,
  isPresent: (value) => `${value} !== undefined`,
  all: (conditions) => conditions.join(' && '),
  pairs: (pairs) => `[${pairs.map(({ name, value }) => `[${literal(name)}, ${value}]`).join(', ')}]`,
  define: ({ name, parameters, steps = [], result }) =>
    [
      `function ${toCamelCase(name)}(${parameters.join(', ')}) {`,
      ...steps.map((step, i) => `  ${i ? '' : 'let '}${step.name} = ${step.made};`),
      `  return ${result};`,
      '}',
    ].join('\n'),
};

/**
 * Writes a client for Node.js from a plan.
 *
 * @throws SignatureError `invalid_configuration` for what it cannot say.
 */
export function emitNode(plan: Plan): Readonly<Record<string, string>> {
  const code = listDefinitions(plan, {
    dialect: node,
    constant: (name, texts) => `const ${toCamelCase(name)} = ${words(texts)};`,
    entries: ['sign', 'send'],
  }).join('\n\n');
  const header = [
    `// Signs requests with the scheme ${plan.name}: see protocol.md. Node 18 or later, without dependencies. Copy this file.`,
    "import { createHash, createHmac, randomBytes } from 'node:crypto';",
    "import { request as http } from 'node:http';",
    "import { request as https } from 'node:https';",
  ].join('\n');
  return { 'countersign.mjs': `${header}\n\n${code}\n`, 'kit.mjs': files['runtimes/node/kit.mjs'] };
}
