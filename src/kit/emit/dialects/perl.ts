import type { Plan } from '../../../schemes/define/plan/plan.ts';
import files from '../../client-files.json' with { type: 'json' };
import { listDefinitions } from '../client.ts';
import type { Dialect } from '../dialect.ts';
import { joinFitting } from '../join-fitting.ts';
import { quoteBytes } from '../quote-bytes.ts';

const words = (texts: readonly string[]): string => `[${texts.map(quoteBytes).join(', ')}]`;

const perl: Dialect = {
  language: 'perl',
  literal: quoteBytes,
  word: quoteBytes,
  words,
  variable: (name) => `$${name}`,
  call: (name, args) => `${name}(${args.join(', ')})`,
  reference: (name) => `\\&${name}`,
  field: (name) => `$r->{${name}}`,
  join: (parts) => joinFitting(parts, { operator: ' . ', broken: '\n        . ' }),
  when: (condition, made) => `(${condition} ? ${made} : '')`,
  isPresent: (value) => `defined(${value})`,
  all: (conditions) => conditions.join(' && '),
  pairs: (pairs) => `[${pairs.map(({ name, value }) => `[${quoteBytes(name)}, ${value}]`).join(', ')}]`,
  define: ({ name, parameters, steps = [], result }) =>
    [
      `sub ${name} {`,
      `    my (${parameters.map((one) => `$${one}`).join(', ')}) = @_;`,
      ...steps.map((step, i) => `    ${i ? '' : 'my '}$${step.name} = ${step.made};`),
      `    return ${result};`,
      '}',
    ].join('\n'),
};

/**
 * Writes a client in Perl from a plan.
 *
 * @throws SignatureError `invalid_configuration` for what it cannot say.
 */
export function emitPerl(plan: Plan): Readonly<Record<string, string>> {
  const code = listDefinitions(plan, {
    dialect: perl,
    constant: (name, texts) => `my $${name} = ${words(texts)};`,
    entries: ['sign', 'send_request'],
  }).join('\n\n');
  const header = [
    `# Signs requests with the scheme ${plan.name}: see protocol.md. Perl 5.14 or later, core modules only. Copy this file.`,
    'package Countersign;',
    'use strict;',
    'use warnings;',
    'use Digest::MD5 ();',
    'use Digest::SHA ();',
    'use HTTP::Tiny;',
    'use MIME::Base64 ();',
    'use Time::HiRes ();',
    ...(code.includes('Math::BigInt') ? ['use Math::BigInt;'] : []),
  ].join('\n');
  return { 'Countersign.pm': `${header}\n\n${code}\n\n1;\n`, 'kit.pl': files['runtimes/perl/kit.pl'] };
}
