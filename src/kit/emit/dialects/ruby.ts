import type { Plan } from '../../../schemes/define/plan/plan.ts';
import files from '../../client-files.json' with { type: 'json' };
import { listDefinitions } from '../client.ts';
import type { Dialect } from '../dialect.ts';
import { joinFitting } from '../join-fitting.ts';
import { quoteBytes } from '../quote-bytes.ts';

// Ruby takes a literal for UTF-8, and does not join it to bytes if it is not ASCII.
const literal = (text: string): string => `${quoteBytes(text)}${/^[\t\n -~]*$/.test(text) ? '' : '.b'}`;

const words = (texts: readonly string[]): string => `[${texts.map(quoteBytes).join(', ')}]`;

const ruby: Dialect = {
  language: 'ruby',
  literal,
  word: quoteBytes,
  words,
  variable: (name) => name,
  call: (name, args) => (args.length ? `${name}(${args.join(', ')})` : name),
  reference: (name) => `method(:${name})`,
  field: (name) => `r[:${name}]`,
  join: (parts) => joinFitting(parts, { operator: ' + ', broken: ' +\n    ' }),
  when: (condition, made) => `(${condition} ? ${made} : '')`,
  isPresent: (value) => `!${value}.nil?`,
  all: (conditions) => conditions.join(' && '),
  pairs: (pairs) => `[${pairs.map(({ name, value }) => `[${quoteBytes(name)}, ${value}]`).join(', ')}]`,
  define: ({ name, parameters, steps = [], result }) =>
    [
      `def ${name}(${parameters.join(', ')})`,
      ...steps.map((step) => `  ${step.name} = ${step.made}`),
      `  ${result}`,
      'end',
    ].join('\n'),
};

/**
 * Writes a client in Ruby from a plan.
 *
 * @throws SignatureError `invalid_configuration` for what it cannot say.
 */
export function emitRuby(plan: Plan): Readonly<Record<string, string>> {
  const code = listDefinitions(plan, {
    dialect: ruby,
    constant: (name, texts) => `def ${name}\n  ${words(texts)}\nend`,
    entries: ['sign', 'send_request'],
  }).join('\n\n');
  const header = [
    `# Signs requests with the scheme ${plan.name}: see protocol.md. Ruby 2.7 or later, standard library only. Copy this file.`,
    ...['digest', 'net/http', 'openssl', 'securerandom', 'uri'].map((name) => `require '${name}'`),
    '',
    'module Countersign',
    '  Refused = Class.new(StandardError)',
    '',
    '  module_function',
  ].join('\n');
  const indented = code.replace(/^(?=.)/gm, '  ');
  return { 'countersign.rb': `${header}\n\n${indented}\nend\n`, 'kit.rb': files['runtimes/ruby/kit.rb'] };
}
