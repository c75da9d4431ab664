import type { Plan } from '../../../schemes/define/plan/plan.ts';
import files from '../../client-files.json' with { type: 'json' };
import { listDefinitions } from '../client.ts';
import type { Dialect, Returned } from '../dialect.ts';
import { joinFitting } from '../join-fitting.ts';
import { toCamelCase } from '../names.ts';
import { toByteText } from '../to-byte-text.ts';

const literal = (text: string): string =>
  `"${[...toByteText(text)].map((byte) => (/[ !#-[\]-~]/.test(byte) ? byte : escapeByte(byte))).join('')}"`;

const named: Readonly<Record<string, string>> = { '\n': '\\n', '\t': '\\t', '"': '\\"', '\\': '\\\\' };
const escapeByte = (byte: string): string => named[byte] ?? `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`;

const words = (texts: readonly string[]): string => `[]string{${texts.map(literal).join(', ')}}`;
const types: Readonly<Record<Returned, string>> = { text: 'string', condition: 'bool', pairs: '[]Field' };

const go: Dialect = {
  language: 'go',
  literal,
  word: literal,
  words,
  variable: (name) => name,
  call: (name, args) => `${toCamelCase(name)}(${args.join(', ')})`,
  reference: toCamelCase,
  field: (name) => `r.${toCamelCase(name)}`,
  join: (parts) => joinFitting(parts, { operator: ' + ', broken: ' +\n\t\t' }),
  when: (condition, made) => `when(${condition}, func() string { return ${made} })`,
  isPresent: (value) => `${value} != nil`,
  all: (conditions) => conditions.join(' && '),
  pairs: (pairs) => `[]Field{${pairs.map(({ name, value }) => `{${literal(name)}, ${value}}`).join(', ')}}`,
  define: ({ name, parameters, returns, steps = [], result }) => {
    const typed = parameters.map((one) => (one === 'r' ? 'r *prepared' : `${one} string`));
    return [
      `func ${toCamelCase(name)}(${typed.join(', ')}) ${types[returns]} {`,
      ...steps.map((step, i) => `\t${step.name} ${i ? '' : ':'}= ${step.made}`),
      `\treturn ${result}`,
      '}',
    ].join('\n');
  },
};

const packages = [
  ...['bytes', 'crypto/hmac', 'crypto/md5', 'crypto/rand', 'crypto/sha1', 'crypto/sha256', 'crypto/sha512'],
  ...[
    'encoding/base64',
    'encoding/hex',
    'errors',
    'fmt',
    'hash',
    'io',
    'math',
    'math/big',
    'net/http',
    'net/url',
    'regexp',
    'sort',
  ],
  ...['strconv', 'strings', 'time', 'unicode/utf8'],
];

/**
 * Writes a client in Go from a plan.
 *
 * @throws SignatureError `invalid_configuration` for what it cannot say.
 */
export function emitGo(plan: Plan): Readonly<Record<string, string>> {
  const code = listDefinitions(plan, {
    dialect: go,
    constant: (name, texts) => `var ${toCamelCase(name)} = ${words(texts)}`,
    entries: ['Request', 'Field', 'Sign', 'Client', 'Transport'],
  }).join('\n\n');
  const used = packages.filter((path) => new RegExp(`(?<![\\w.])${path.split('/').at(-1)}\\.`).test(code));
  const header = [
    `// Package countersign signs requests with the scheme ${plan.name}: see protocol.md. Standard library only. Copy this file.`,
    'package countersign',
    '',
    'import (',
    ...used.map((path) => `\t"${path}"`),
    ')',
  ].join('\n');
  return {
    'countersign/countersign.go': `${header}\n\n${code}\n`,
    'go.mod': files['go/go.mod'],
    'kit.go': files['runtimes/go/kit.go'],
  };
}
