import { fail } from '../core/errors.ts';
import type { SchemeDefinition } from '../schemes/define/definition.ts';
import files from './client-files.json' with { type: 'json' };

/** A language in which a kit has a client. */
export type KitLanguage = 'python' | 'bash' | 'node' | 'go' | 'php' | 'ruby' | 'java' | 'perl';

type Language = {
  readonly name: string;
  /** The command that checks the client, in its folder. */
  readonly check: string;
};

/** The languages of a kit, in the order of its README. */
export const languageFacts: Readonly<Record<KitLanguage, Language>> = {
  python: { name: 'Python', check: 'python3 kit.py' },
  bash: { name: 'Bash with openssl and curl', check: 'bash kit.sh' },
  node: { name: 'Node.js without the package', check: 'node kit.mjs' },
  go: { name: 'Go', check: 'go run .' },
  php: { name: 'PHP', check: 'php kit.php' },
  ruby: { name: 'Ruby', check: 'ruby kit.rb' },
  java: { name: 'Java', check: 'javac -d classes *.java && java -cp classes Kit' },
  perl: { name: 'Perl', check: 'perl kit.pl' },
};

const all = Object.keys(languageFacts) as readonly KitLanguage[];

/** Lists the languages in which there is a client for a scheme. */
export const kitLanguages = (definition: SchemeDefinition | undefined): readonly KitLanguage[] =>
  definition ? [] : all;

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
  if (definition) fail('invalid_configuration', `A kit has no client in ${language} for a defined scheme yet.`);
  const own = Object.entries(files).filter(([path]) => path.startsWith(`${language}/`));
  return Object.fromEntries(own.map(([path, text]) => [`clients/${path}`, text]));
}
