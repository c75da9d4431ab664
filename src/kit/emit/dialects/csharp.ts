import type { Plan } from '../../../schemes/define/plan/plan.ts';
import files from '../../client-files.json' with { type: 'json' };
import { listDefinitions } from '../client.ts';
import type { Dialect, Returned } from '../dialect.ts';
import { joinFitting } from '../join-fitting.ts';
import { toPascalCase } from '../names.ts';
import { toByteText } from '../to-byte-text.ts';

const literal = (text: string): string =>
  JSON.stringify(toByteText(text)).replace(
    /[^ -~]/g,
    (byte) => `\\u${byte.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

const words = (texts: readonly string[]): string => `new[] { ${texts.map(literal).join(', ')} }`;
const types: Readonly<Record<Returned, string>> = { text: 'string', condition: 'bool', pairs: 'List<Field>' };

const csharp: Dialect = {
  language: 'csharp',
  literal,
  word: literal,
  words,
  variable: (name) => name,
  call: (name, args) => `${toPascalCase(name)}(${args.join(', ')})`,
  reference: toPascalCase,
  field: (name) => `r.${toPascalCase(name)}`,
  join: (parts) => joinFitting(parts, { operator: ' + ', broken: '\n        + ' }),
  when: (condition, made) => `(${condition} ? ${made} : "")`,
  isPresent: (value) => `${value} != null`,
  all: (conditions) => conditions.join(' && '),
  pairs: (pairs) =>
    `new List<Field> { ${pairs.map(({ name, value }) => `new Field(${literal(name)}, ${value})`).join(', ')} }`,
  define: ({ name, parameters, returns, steps = [], result }) => {
    const typed = parameters.map((one) => (one === 'r' ? 'Prepared r' : `string ${one}`));
    return [
      `private static ${types[returns]} ${toPascalCase(name)}(${typed.join(', ')})`,
      '{',
      ...steps.map((step, i) => `    ${i ? '' : 'string '}${step.name} = ${step.made};`),
      `    return ${result};`,
      '}',
    ].join('\n');
  },
};

const namespaces = [
  ...['System', 'System.Collections.Generic', 'System.Globalization', 'System.Linq', 'System.Net', 'System.Net.Http'],
  ...['System.Net.Http.Headers', 'System.Security.Cryptography', 'System.Text', 'System.Text.RegularExpressions'],
  ...['System.Threading', 'System.Threading.Tasks'],
];

/** Whether a definition is a type of its own, and not a member of the class `Signer`. */
const isType = (text: string): boolean => /^public sealed class /m.test(text);

// Lines of the preprocessor begin anywhere, but are read best at the beginning.
const indent = (text: string, by: number): string => text.replace(/^(?=[^\n#])/gm, ' '.repeat(by));

/**
 * Writes a client in C# from a plan.
 *
 * @throws SignatureError `invalid_configuration` for what it cannot say.
 */
export function emitCsharp(plan: Plan): Readonly<Record<string, string>> {
  const code = listDefinitions(plan, {
    dialect: csharp,
    constant: (name, texts) => `private static readonly string[] ${toPascalCase(name)} = ${words(texts)};`,
    entries: ['Field', 'SigningRequest', 'Signed', 'Sign', 'SigningHandler'],
  });
  const header = [
    `// Signs requests with the scheme ${plan.name}: see protocol.md. For .NET Framework 4.6, .NET 8 and Mono, without packages.`,
    '// Copy this file.',
    ...namespaces.map((name) => `using ${name};`),
    '',
    'namespace Countersign',
    '{',
  ].join('\n');
  const types = code.filter(isType).map((text) => indent(text, 4));
  const members = code.filter((text) => !isType(text)).map((text) => indent(text, 8));
  const signer = `    public static class Signer\n    {\n${members.join('\n\n')}\n    }`;
  return {
    'Countersign.cs': `${header}\n${[...types, signer].join('\n\n')}\n}\n`,
    'Kit.cs': files['runtimes/csharp/Kit.cs'],
  };
}
