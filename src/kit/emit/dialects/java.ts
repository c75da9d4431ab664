import type { Plan } from '../../../schemes/define/plan/plan.ts';
import files from '../../client-files.json' with { type: 'json' };
import { listDefinitions } from '../client.ts';
import type { Dialect, Returned } from '../dialect.ts';
import { joinFitting } from '../join-fitting.ts';
import { toCamelCase } from '../names.ts';
import { toByteText } from '../to-byte-text.ts';

const literal = (text: string): string =>
  JSON.stringify(toByteText(text)).replace(
    /[^ -~]/g,
    (byte) => `\\u${byte.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

const words = (texts: readonly string[]): string => `List.of(${texts.map(literal).join(', ')})`;
const types: Readonly<Record<Returned, string>> = { text: 'String', condition: 'boolean', pairs: 'List<Field>' };

const java: Dialect = {
  language: 'java',
  literal,
  word: literal,
  words,
  variable: (name) => name,
  call: (name, args) => `${toCamelCase(name)}(${args.join(', ')})`,
  reference: (name) => `Countersign::${toCamelCase(name)}`,
  field: (name) => `r.${toCamelCase(name)}`,
  join: (parts) => joinFitting(parts, { operator: ' + ', broken: '\n      + ' }),
  when: (condition, made) => `(${condition} ? ${made} : "")`,
  isPresent: (value) => `${value} != null`,
  all: (conditions) => conditions.join(' && '),
  pairs: (pairs) => `List.of(${pairs.map(({ name, value }) => `new Field(${literal(name)}, ${value})`).join(', ')})`,
  define: ({ name, parameters, returns, steps = [], result }) => {
    const typed = parameters.map((one) => (one === 'r' ? 'Prepared r' : `String ${one}`));
    return [
      `private static ${types[returns]} ${toCamelCase(name)}(${typed.join(', ')}) {`,
      ...steps.map((step, i) => `  ${i ? '' : 'String '}${step.name} = ${step.made};`),
      `  return ${result};`,
      '}',
    ].join('\n');
  },
};

const imports = [
  ...['java.math.BigInteger', 'java.net.URI', 'java.net.URLDecoder', 'java.net.http.HttpClient'],
  ...['java.net.http.HttpRequest', 'java.net.http.HttpResponse', 'java.nio.charset.StandardCharsets'],
  ...['java.security.GeneralSecurityException', 'java.security.MessageDigest', 'java.security.SecureRandom'],
  ...[
    'java.time.Duration',
    'java.time.Instant',
    'java.time.ZoneOffset',
    'java.time.format.DateTimeFormatter',
    'java.util.ArrayList',
  ],
  ...['java.util.Base64', 'java.util.Comparator', 'java.util.LinkedHashMap', 'java.util.List', 'java.util.Locale'],
  ...['java.util.Map', 'java.util.TreeSet', 'java.util.function.UnaryOperator', 'java.util.regex.Matcher'],
  ...['java.util.regex.Pattern', 'javax.crypto.Mac', 'javax.crypto.spec.SecretKeySpec'],
];

/**
 * Writes a client in Java from a plan.
 *
 * @throws SignatureError `invalid_configuration` for what it cannot say.
 */
export function emitJava(plan: Plan): Readonly<Record<string, string>> {
  const code = listDefinitions(plan, {
    dialect: java,
    constant: (name, texts) => `private static final List<String> ${toCamelCase(name)} = ${words(texts)};`,
    entries: ['Field', 'Request', 'Signed', 'sign', 'send'],
  }).join('\n\n');
  const used = imports.filter((name) => new RegExp(`\\b${name.split('.').at(-1)}\\b`).test(code));
  const header = [
    `// Signs requests with the scheme ${plan.name}: see protocol.md. Java 11 or later, JDK only. Copy this file.`,
    '',
    ...used.map((name) => `import ${name};`),
    '',
    'public final class Countersign {',
    '  private Countersign() {}',
  ].join('\n');
  const indented = code.replace(/^(?=.)/gm, '  ');
  return { 'Countersign.java': `${header}\n\n${indented}\n}\n`, 'Kit.java': files['runtimes/java/Kit.java'] };
}
