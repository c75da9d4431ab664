import type { Compiled, CompiledPart, CompiledValue } from './compile.ts';
import { type Forms, type Leaf, listFollowers, literal, toLeaf } from './grammar.ts';
import { invalidDefinition } from './invalid-definition.ts';
import type { PlannedCarrier } from './plan/plan.ts';

/** A carried value as received; undefined if absent. */
export type Found = { readonly leaf: Leaf; readonly text: string | undefined };

/** A header or query parameter, compiled for writing and reading. */
export type Carrier = {
  readonly name: string;
  readonly compiled: Compiled;
  /** The text before the first value. A verifier that finds another text knows that the signature belongs to another scheme. */
  readonly prefix: string;
  readonly signature: boolean;
  /** Whether the whole carrier may be absent. */
  readonly optional: boolean;
  readonly leaves: readonly Leaf[];
  /** Returns undefined for a text that the template cannot produce. */
  read(text: string): readonly Found[] | undefined;
};

/** In characters. Longer texts are not parsed. */
const longest = 8192;

/**
 * @param place a `query` excludes characters that need escapes.
 * @throws SignatureError `invalid_configuration` if the carried values cannot be read back unambiguously.
 */
export function compileCarrier(
  { name, where, template, signature, optional }: PlannedCarrier,
  {
    compiled,
    forms,
    place,
  }: { readonly compiled: Compiled; readonly forms: Forms; readonly place: 'header' | 'query' },
): Carrier {
  const refuse = (at: number, problem: string): never => invalidDefinition({ where, template, at }, problem);
  const leaves: Leaf[] = [];
  const source = buildPattern(compiled.parts, () => []);
  const exact = new RegExp(`^${source}$`);
  const [first] = compiled.parts;
  if (!first) refuse(0, `this ${place} is empty`);
  return {
    name,
    compiled,
    prefix: first?.kind === 'text' ? first.text : '',
    signature,
    optional,
    leaves,
    read(text) {
      const matched = text.length <= longest ? exact.exec(text) : null;
      return matched ? leaves.map((leaf, i) => ({ leaf, text: matched[i + 1] })) : undefined;
    },
  };

  function buildPattern(parts: readonly CompiledPart[], after: () => ReturnType<typeof listFollowers>): string {
    return parts
      .map((part, i) => {
        const next = () => [...listFollowers(parts, i), ...(endsWithOptionals(parts, i) ? after() : [])];
        if (part.kind === 'optional') return `(?:${buildPattern(part.parts, next)})?`;
        if (part.kind === 'value') return `(${buildValuePattern(part, next())})`;
        checkText(part.text, part.at);
        return literal(part.text);
      })
      .join('');
  }

  function checkText(text: string, at: number): void {
    const unsupported = (place === 'query' ? /[^\w.~!$'()*,;:@/?%=-]/ : /[^ -~]/).exec(text);
    if (unsupported) refuse(at + unsupported.index, `a ${place} cannot contain this character`);
  }

  function buildValuePattern(part: CompiledValue, next: ReturnType<typeof listFollowers>): string {
    const { key } = part.expression;
    const leaf = toLeaf(part, forms) ?? refuse(part.at, `${key} cannot be read back by a verifier`);
    const characters = new RegExp(`[${leaf.characters}]`);
    if (place === 'query' && [...'+&# '].some((one) => characters.test(one))) {
      refuse(part.at, `${key} can contain characters with a meaning in a query: add rfc3986`);
    }
    if (!leaf.fixed) requireEnd(key, characters, next);
    const { separator } = leaf;
    const clash = separator && next.find((one) => one.kind === 'text' && one.text.startsWith(separator));
    if (clash) refuse(clash.at, `this is the separator between several of ${key}`);
    leaves.push(leaf);
    return leaf.pattern;
  }

  function requireEnd(key: string, characters: RegExp, next: ReturnType<typeof listFollowers>): void {
    for (const one of next) {
      if (one.kind === 'value') refuse(one.at, `there is no separator between ${key} and ${one.expression.key}`);
      else if (characters.test(one.text.slice(0, 1))) {
        refuse(one.at, `this can be part of ${key}, so the end of ${key} is ambiguous`);
      }
    }
  }
}

const endsWithOptionals = (parts: readonly CompiledPart[], index: number): boolean =>
  parts.slice(index + 1).every((part) => part.kind === 'optional');
