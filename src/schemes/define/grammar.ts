import { decodeHex, hex } from '../../core/encoding.ts';
import type { CompiledPart, CompiledValue } from './compile.ts';
import type { DefinedAlgorithm, DefinedEncoding } from './definition.ts';
import { digests } from './digests.ts';
import { encodings } from './encodings.ts';
import type { Expression } from './expression.ts';
import { rfc3986 } from './filters.ts';
import { macSizes } from './keys.ts';
import type { NonceForm } from './nonce.ts';
import type { TimestampForm } from './timestamp.ts';

/** A carried value and its grammar, as a verifier reads it. */
export type Leaf = {
  /** The same for every occurrence of the same value. */
  readonly id: string;
  readonly pattern: string;
  /** The characters in use, in the syntax of a character class. */
  readonly characters: string;
  /** Whether the beginning of a value determines its end. */
  readonly fixed: boolean;
  /** The separator before another value of the same kind. */
  readonly separator?: string;
  /** Returns the value of a text that matches the pattern, digests and signatures as hex. Undefined for other spellings. */
  read(text: string): string | undefined;
  readonly expression: Expression;
};

/** The settings that the grammars of fields depend on. */
export type Forms = {
  readonly algorithm: DefinedAlgorithm;
  readonly signature: DefinedEncoding;
  readonly timestamp: TimestampForm;
  readonly nonce: NonceForm;
  readonly separator: string;
};

type Grammar = Pick<Leaf, 'pattern' | 'characters' | 'fixed' | 'separator' | 'read'>;

const identity = (text: string): string => text;
const texts = (characters: string, length: string): Grammar => ({
  pattern: `[${characters}]{${length}}`,
  characters,
  fixed: false,
  read: identity,
});

const token = "a-z\\d!#$%&'*+.^_`|~\\-";
/** The number of signatures that a verifier tries. */
const mostSignatures = 8;

/** Escapes a text for a pattern. */
export const literal = (text: string): string => text.replace(/[^\w ]/g, '\\$&');

function createEncodedGrammar(encoding: DefinedEncoding, size: number): Grammar {
  const { pattern, characters, read, write } = encodings[encoding];
  return {
    pattern: pattern(size),
    characters,
    fixed: true,
    read(text) {
      const bytes = read(text);
      return bytes.length === size && write(bytes) === text ? hex(bytes) : undefined;
    },
  };
}

function createListGrammar(one: Grammar, separator: string): Grammar {
  return {
    pattern: `${one.pattern}(?:${literal(separator)}${one.pattern}){0,${mostSignatures - 1}}`,
    characters: one.characters,
    fixed: true,
    separator,
    read(text) {
      const read = text.split(separator).map(one.read);
      return read.includes(undefined) ? undefined : read.join();
    },
  };
}

/** Decodes the signatures that a leaf has read. */
export const readSignatures = (read: string): readonly Uint8Array[] => read.split(',').map(decodeHex);

function createEscapedGrammar(plain: Grammar): Grammar {
  const exact = new RegExp(`^${plain.pattern}$`);
  return {
    pattern: '(?:[\\w.~-]|%[\\dA-F]{2}){1,4096}',
    characters: '\\w.~%\\-',
    fixed: false,
    read(text) {
      let decoded: string;
      try {
        decoded = decodeURIComponent(text);
      } catch {
        return undefined;
      }
      return rfc3986(decoded) === text && exact.test(decoded) ? plain.read(decoded) : undefined;
    },
  };
}

const upperHex = 'hex,upper';

function digestGrammar({ filters, bodyUses }: Written): Grammar | undefined {
  const names = filters.map(({ name }) => name);
  const [last = ''] = names.filter((name) => digests.has(name)).slice(-1);
  const digest = digests.get(last);
  if (!digest || !bodyUses.length) return undefined;
  const encoding = names.slice(names.lastIndexOf(last) + 1).join();
  const name = encoding === upperHex ? 'hex-upper' : encoding;
  return Object.hasOwn(encodings, name) ? createEncodedGrammar(name as DefinedEncoding, digest.size) : undefined;
}

function signatureGrammar(
  { filters: [list, ...others] }: Written,
  { signature, algorithm }: Forms,
): Grammar | undefined {
  const one = createEncodedGrammar(signature, macSizes[algorithm]);
  if (!list) return one;
  return list.name === 'list' && !others.length ? createListGrammar(one, list.argument ?? '') : undefined;
}

const plainGrammars = ({ timestamp, nonce, separator }: Forms): Readonly<Record<string, Grammar>> => ({
  accessKey: texts('\\w.~\\-', '1,512'),
  sessionToken: texts('\\w.~+/=\\-', '1,4096'),
  challenge: texts('\\w.~\\-', '1,512'),
  ignored: texts('\\w.~+/=:\\-', '1,512'),
  timestamp: { ...timestamp, read: identity },
  date: { ...texts('\\d\\-', '10'), pattern: '\\d{4}-\\d{2}-\\d{2}', fixed: true },
  dateBasic: { ...texts('\\d', '8'), fixed: true },
  nonce: { ...nonce, read: identity },
  signedHeaders: {
    ...texts(token + literal(separator), ''),
    pattern: `[${token}]{1,128}(?:${literal(separator)}[${token}]{1,128}){0,63}`,
  },
});

type Written = Pick<Expression, 'field' | 'filters' | 'bodyUses'>;

function createGrammar(written: Written, forms: Forms): Grammar | undefined {
  const { field, filters } = written;
  if (filters.at(-1)?.name === 'rfc3986') {
    const plain = createGrammar({ ...written, filters: filters.slice(0, -1) }, forms);
    return plain && createEscapedGrammar(plain);
  }
  if (field === 'signature') return signatureGrammar(written, forms);
  const plain = plainGrammars(forms);
  return !filters.length && Object.hasOwn(plain, field) ? plain[field] : digestGrammar(written);
}

/** The fields that a verifier can read back. */
export const carriedFields: readonly string[] = [
  'accessKey',
  'timestamp',
  'nonce',
  'sessionToken',
  'challenge',
  'signedHeaders',
];

/** Returns the grammar of a value; undefined if it cannot be read back. */
export function toLeaf({ expression }: CompiledValue, forms: Forms): Leaf | undefined {
  const grammar = createGrammar(expression, forms);
  const id = expression.bodyUses[0]?.digests[0] ?? expression.field;
  return grammar && { ...grammar, id, expression };
}

/** Lists the parts that can directly follow a part of a template. */
export function listFollowers(
  parts: readonly CompiledPart[],
  index: number,
): ReadonlyArray<Exclude<CompiledPart, { kind: 'optional' }>> {
  const next = parts[index + 1];
  if (!next) return [];
  if (next.kind !== 'optional') return [next];
  const [first] = next.parts;
  return [...(first ? [first] : []), ...listFollowers(parts, index + 1)];
}
