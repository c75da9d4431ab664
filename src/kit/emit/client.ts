import type { Plan } from '../../schemes/define/plan/plan.ts';
import files from '../client-files.json' with { type: 'json' };
import type { Dialect } from './dialect.ts';
import { pickRuntime } from './pick-runtime.ts';
import { listFunctions } from './program.ts';

/** What the file of a client consists of. */
export type ClientFile = {
  readonly dialect: Dialect;
  /** Writes the definition of a list of texts. */
  constant(name: string, texts: readonly string[]): string;
  /** The names of the definitions for callers, which come last. */
  readonly entries: readonly string[];
};

/** Whether a challenge is always carried: then a signer that has none sends a word in its place. */
export const needsChallenge = ({ headers, query }: Plan): boolean =>
  [...headers, ...query].some(({ parts }) => parts.some((part) => part.kind === 'value' && part.field === 'challenge'));

/**
 * Lists the definitions of a client: those of its runtime that it uses, those of its scheme, and those for callers. Lines of the
 * runtime that end in the comment `with parameters` are for schemes with parameters in the query, and those that end in
 * `with challenge` for schemes that need a challenge.
 *
 * @throws SignatureError `invalid_configuration` for what the language cannot say.
 */
export function listDefinitions(plan: Plan, { dialect, constant, entries }: ClientFile): readonly string[] {
  const names = plan.query.map(({ name }) => name);
  const scheme = [
    ...(names.length ? [constant('own_parameters', names)] : []),
    ...listFunctions(plan, dialect).map(dialect.define),
  ];
  const withParameters = keepMarked(readRuntime(dialect.language), 'with parameters', names.length > 0);
  const picked = pickRuntime(
    keepMarked(withParameters, 'with challenge', needsChallenge(plan)),
    [...scheme, ...entries].join('\n'),
  );
  const textsOf = (isEntry: boolean) =>
    picked.filter(({ name }) => entries.includes(name) === isEntry).map(({ text }) => text);
  return [...textsOf(false), ...scheme, ...textsOf(true)];
}

const keepMarked = (runtime: string, mark: string, isKept: boolean): string =>
  isKept
    ? runtime.replace(new RegExp(` *(?:#|//) ${mark}$`, 'gm'), '')
    : runtime.replace(new RegExp(`^.*(?:#|//) ${mark}\n`, 'gm'), '');

/** The definitions that do not depend on the scheme. */
const readRuntime = (language: string): string =>
  Object.entries(files)
    .flatMap(([path, text]) => (path.startsWith(`runtimes/${language}/countersign/`) ? [text] : []))
    .join('\n\n');
