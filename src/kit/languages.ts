import { fail, SignatureError } from '../core/errors.ts';
import type { SchemeDefinition } from '../schemes/define/definition.ts';
import { parseDefinition } from '../schemes/define/parse.ts';
import { type Plan, planDefinition } from '../schemes/define/plan/plan.ts';
import files from './client-files.json' with { type: 'json' };
import { emitBash } from './emit/bash.ts';
import { emitCsharp } from './emit/dialects/csharp.ts';
import { emitGo } from './emit/dialects/go.ts';
import { emitJava } from './emit/dialects/java.ts';
import { emitNode } from './emit/dialects/node.ts';
import { emitPerl } from './emit/dialects/perl.ts';
import { emitPhp } from './emit/dialects/php.ts';
import { emitPython } from './emit/dialects/python.ts';
import { emitRuby } from './emit/dialects/ruby.ts';
import { emitRust } from './emit/dialects/rust.ts';

/** A language in which a kit has a client. */
export type KitLanguage =
  | 'python'
  | 'bash'
  | 'node'
  | 'go'
  | 'php'
  | 'ruby'
  | 'java'
  | 'perl'
  | 'csharp'
  | 'rust'
  | 'postman';

type Language = {
  readonly name: string;
  /** The command that checks the client, in its folder. */
  readonly check: string;
  /** How a caller makes the client refuse responses that are not countersigned; absent if it cannot. */
  readonly responseCheck?: string;
};

/** The languages of a kit, in the order of its README. */
export const languageFacts: Readonly<Record<KitLanguage, Language>> = {
  python: { name: 'Python', check: 'python3 kit.py', responseCheck: 'check_response=True' },
  bash: { name: 'Bash with openssl and curl', check: 'bash kit.sh' },
  node: { name: 'Node.js without the package', check: 'node kit.mjs', responseCheck: 'checkResponse: true' },
  go: { name: 'Go', check: 'go run .', responseCheck: 'CheckResponse: true' },
  php: { name: 'PHP', check: 'php kit.php', responseCheck: 'checkResponse: true' },
  ruby: { name: 'Ruby', check: 'ruby kit.rb', responseCheck: 'check_response: true' },
  java: {
    name: 'Java',
    check: 'javac -d classes *.java && java -cp classes Kit',
    responseCheck: 'send(request, true)',
  },
  perl: { name: 'Perl', check: 'perl kit.pl', responseCheck: 'check_response => 1' },
  csharp: {
    name: 'C# with Mono or .NET',
    check: 'mcs -out:kit.exe -r:System.Net.Http Countersign.cs Kit.cs && mono kit.exe',
    responseCheck: 'CheckResponse = true',
  },
  rust: { name: 'Rust', check: 'cargo build --quiet && ./target/debug/kit', responseCheck: 'send(request, true)' },
  postman: {
    name: 'Postman',
    check: 'npm install newman && node kit.mjs',
    responseCheck: 'the variable countersignCheckResponse, yes',
  },
};

/** What writes the client of a defined scheme, by language. */
const emitters: Readonly<Partial<Record<KitLanguage, (plan: Plan) => Readonly<Record<string, string>>>>> = {
  python: emitPython,
  bash: emitBash,
  node: emitNode,
  go: emitGo,
  php: emitPhp,
  ruby: emitRuby,
  java: emitJava,
  perl: emitPerl,
  csharp: emitCsharp,
  rust: emitRust,
};

const all = Object.keys(languageFacts) as readonly KitLanguage[];

/** Lists the languages in which there is a client for a scheme. */
export const kitLanguages = (definition: SchemeDefinition | undefined): readonly KitLanguage[] =>
  definition ? all.filter((language) => canSay(language, definition)) : all;

function canSay(language: KitLanguage, definition: SchemeDefinition): boolean {
  try {
    return Object.keys(listEmittedFiles(language, definition)).length > 0;
  } catch (error) {
    if (error instanceof SignatureError && error.code === 'invalid_configuration') return false;
    throw error;
  }
}

/**
 * Returns the files of a client by path.
 *
 * @throws SignatureError `invalid_configuration` if there is no client for the scheme in this language.
 */
export function listClientFiles(
  language: KitLanguage,
  definition: SchemeDefinition | undefined,
): Readonly<Record<string, string>> {
  if (!Object.hasOwn(languageFacts, language)) {
    fail('invalid_configuration', `A kit has no client in that language, only in ${all.join(', ')}.`);
  }
  if (definition) return listEmittedFiles(language, definition);
  const own = Object.entries(files).filter(([path]) => path.startsWith(`${language}/`));
  return Object.fromEntries(own.map(([path, text]) => [`clients/${path}`, text]));
}

function listEmittedFiles(language: KitLanguage, definition: SchemeDefinition): Readonly<Record<string, string>> {
  const emit = emitters[language];
  if (!emit) {
    const able = Object.keys(emitters).join(', ');
    return fail('invalid_configuration', `A kit of a defined scheme has no client in ${language}, only in ${able}.`);
  }
  const made = Object.entries(emit(planDefinition(parseDefinition(definition))));
  return Object.fromEntries(made.map(([path, text]) => [`clients/${language}/${path}`, text]));
}
