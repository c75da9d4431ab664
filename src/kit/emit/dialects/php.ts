import type { Plan } from '../../../schemes/define/plan/plan.ts';
import files from '../../client-files.json' with { type: 'json' };
import { listDefinitions } from '../client.ts';
import type { Dialect, Returned } from '../dialect.ts';
import { joinFitting } from '../join-fitting.ts';
import { quoteBytes } from '../quote-bytes.ts';

const words = (texts: readonly string[]): string => `[${texts.map(quoteBytes).join(', ')}]`;
const types: Readonly<Record<Returned, string>> = { text: 'string', condition: 'bool', pairs: 'array' };

const php: Dialect = {
  language: 'php',
  literal: quoteBytes,
  word: quoteBytes,
  words,
  variable: (name) => `$${name}`,
  call: (name, args) => `${name}(${args.join(', ')})`,
  reference: (name) => `fn ($one) => ${name}($one)`,
  field: (name) => `$r['${name}']`,
  join: (parts) => joinFitting(parts, { operator: ' . ', broken: '\n        . ' }),
  when: (condition, made) => `(${condition} ? ${made} : '')`,
  isPresent: (value) => `${value} !== null`,
  all: (conditions) => conditions.join(' && '),
  pairs: (pairs) => `[${pairs.map(({ name, value }) => `[${quoteBytes(name)}, ${value}]`).join(', ')}]`,
  define: ({ name, parameters, returns, steps = [], result }) =>
    [
      `function ${name}(${parameters.map((one) => (one === 'r' ? 'array $r' : `string $${one}`)).join(', ')}): ${types[returns]}`,
      '{',
      ...steps.map((step) => `    $${step.name} = ${step.made};`),
      `    return ${result};`,
      '}',
    ].join('\n'),
};

/**
 * Writes a client in PHP from a plan.
 *
 * @throws SignatureError `invalid_configuration` for what it cannot say.
 */
export function emitPhp(plan: Plan): Readonly<Record<string, string>> {
  const code = listDefinitions(plan, {
    dialect: php,
    constant: (name, texts) => `const ${name} = ${words(texts)};`,
    entries: ['sign', 'send'],
  }).join('\n\n');
  const header = [
    '<?php',
    `// Signs requests with the scheme ${plan.name}: see protocol.md. PHP 8 or later, with its curl extension for sending. Copy this file.`,
    'namespace Countersign;',
  ].join('\n');
  return { 'countersign.php': `${header}\n\n${code}\n`, 'kit.php': files['runtimes/php/kit.php'] };
}
