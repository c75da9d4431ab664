import type { Plan } from '../../../schemes/define/plan/plan.ts';
import files from '../../client-files.json' with { type: 'json' };
import { listDefinitions } from '../client.ts';
import type { Dialect } from '../dialect.ts';
import { joinFitting } from '../join-fitting.ts';

const words = (texts: readonly string[]): string => JSON.stringify(texts).replaceAll('","', '", "');

const literal = (text: string): string =>
  /^[\n\t -~]*$/.test(text) ? `b${JSON.stringify(text)}` : `${JSON.stringify(text)}.encode()`;

const python: Dialect = {
  language: 'python',
  literal,
  word: (text) => JSON.stringify(text),
  words,
  variable: (name) => name,
  call: (name, args) => `${name}(${args.join(', ')})`,
  reference: (name) => name,
  field: (name) => `r["${name}"]`,
  join: (parts) =>
    joinFitting(parts, {
      operator: ' + ',
      broken: '\n        + ',
      wrap: (lines) => `(\n        ${lines}\n    )`,
    }),
  when: (condition, made) => `(${made} if ${condition} else b"")`,
  isPresent: (value) => `${value} is not None`,
  all: (conditions) => conditions.join(' and '),
  pairs: (pairs) => `[${pairs.map(({ name, value }) => `(${JSON.stringify(name)}, ${value})`).join(', ')}]`,
  define: ({ name, parameters, steps = [], result }) =>
    [
      `def ${name}(${parameters.join(', ')}):`,
      ...steps.map((step) => `    ${step.name} = ${step.made}`),
      `    return ${result}`,
    ].join('\n'),
};

const modules = ['base64', 'datetime', 'hashlib', 'hmac', 'http.client', 're', 'secrets', 'urllib.parse'];

/**
 * Writes a client in Python from a plan.
 *
 * @throws SignatureError `invalid_configuration` for what it cannot say.
 */
export function emitPython(plan: Plan): Readonly<Record<string, string>> {
  const code = listDefinitions(plan, {
    dialect: python,
    constant: (name, texts) => `${name} = ${words(texts)}`,
    entries: ['sign', 'send'],
  }).join('\n\n\n');
  const names = code.match(/[\w.]+/g) ?? [];
  const imports = modules.filter((name) => names.some((one) => one.startsWith(`${name}.`)));
  const header = [
    `"""Signs requests with the scheme ${plan.name}: see protocol.md. Python 3.8 or later, standard library only. Copy this file."""`,
    '',
    ...imports.map((name) => `import ${name}`),
    'import time as clock',
  ].join('\n');
  return { 'countersign.py': `${header}\n\n\n${code}\n`, 'kit.py': files['runtimes/python/kit.py'] };
}
