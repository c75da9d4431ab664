import type { Compiled, CompiledPart, CompiledValue } from './compile.ts';
import { type Forms, type Leaf, literal, literalAfter, toLeaf } from './grammar.ts';
import { invalidDefinition } from './invalid-definition.ts';
import type { ParsedCarrier } from './parse.ts';

/** A carried value as it was found; undefined where it is absent. */
export type Found = { readonly leaf: Leaf; readonly text: string | undefined };

/** A header or parameter, compiled in both directions. */
export type Carrier = {
  readonly name: string;
  readonly compiled: Compiled;
  /** What stands before the first value: by another text a verifier knows that the signature is by another scheme. */
  readonly prefix: string;
  readonly signature: boolean;
  /** Whether all of it may be absent. */
  readonly optional: boolean;
  readonly leaves: readonly Leaf[];
  /** Undefined for what the template does not make. */
  read(text: string): readonly Found[] | undefined;
};

/** In characters; longer ones are not looked at. */
const longest = 8192;

/**
 * @param place `query` has characters that need escapes.
 * @throws SignatureError `invalid_configuration` where what is carried could not be read back, in one way only.
 */
export function compileCarrier(
  { name, where, template }: ParsedCarrier,
  {
    compiled,
    forms,
    place,
  }: { readonly compiled: Compiled; readonly forms: Forms; readonly place: 'header' | 'query' },
): Carrier {
  const refuse = (at: number, problem: string): never => invalidDefinition({ where, template, at }, problem);
  const leaves: Leaf[] = [];
  const source = sourceOf(compiled.parts, () => []);
  const exact = new RegExp(`^${source}$`);
  const [first, ...others] = compiled.parts;
  if (!first) refuse(0, `this ${place} is empty`);
  return {
    name,
    compiled,
    prefix: first?.kind === 'text' ? first.text : '',
    signature: leaves.some(({ id }) => id === 'signature'),
    optional: first?.kind === 'optional' && !others.length,
    leaves,
    read(text) {
      const matched = text.length <= longest ? exact.exec(text) : null;
      return matched ? leaves.map((leaf, i) => ({ leaf, text: matched[i + 1] })) : undefined;
    },
  };

  function sourceOf(parts: readonly CompiledPart[], after: () => ReturnType<typeof literalAfter>): string {
    return parts
      .map((part, i) => {
        const next = () => [...literalAfter(parts, i), ...(endsWithOptionals(parts, i) ? after() : [])];
        if (part.kind === 'optional') return `(?:${sourceOf(part.parts, next)})?`;
        if (part.kind === 'value') return `(${patternOf(part, next())})`;
        checkText(part.text, part.at);
        return literal(part.text);
      })
      .join('');
  }

  function checkText(text: string, at: number): void {
    const odd = (place === 'query' ? /[^\w.~!$'()*,;:@/?%=-]/ : /[^ -~]/).exec(text);
    if (odd) refuse(at + odd.index, `no ${place} can hold this character`);
  }

  function patternOf(part: CompiledValue, next: ReturnType<typeof literalAfter>): string {
    const { key } = part.expression;
    const leaf = toLeaf(part, forms) ?? refuse(part.at, `${key} cannot be read back by a verifier`);
    const characters = new RegExp(`[${leaf.characters}]`);
    if (place === 'query' && [...'+&# '].some((one) => characters.test(one))) {
      refuse(part.at, `${key} can hold what means something else in a query: add rfc3986`);
    }
    if (!leaf.fixed) requireEnd(key, characters, next);
    const { separator } = leaf;
    const same = separator && next.find((one) => one.kind === 'text' && one.text.startsWith(separator));
    if (same) refuse(same.at, `this is what stands between several of ${key}`);
    leaves.push(leaf);
    return leaf.pattern;
  }

  function requireEnd(key: string, characters: RegExp, next: ReturnType<typeof literalAfter>): void {
    for (const one of next) {
      if (one.kind === 'value') refuse(one.at, `nothing tells where ${key} ends and ${one.expression.key} begins`);
      else if (characters.test(one.text.slice(0, 1))) {
        refuse(one.at, `this can be part of ${key}, so nothing tells where that ends`);
      }
    }
  }
}

const endsWithOptionals = (parts: readonly CompiledPart[], index: number): boolean =>
  parts.slice(index + 1).every((part) => part.kind === 'optional');
