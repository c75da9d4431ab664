import type { Compiled } from './compile.ts';
import type { CompiledDefinition } from './compile-definition.ts';
import type { BodyUse } from './expression.ts';

/** The coverage of a signature that holds for every request. */
export type Coverage = {
  /** Fields that are covered to the last byte. */
  readonly fields: ReadonlySet<string>;
  /** Names of headers that are fully signed if present, in lower case. */
  readonly headers: readonly string[];
  readonly bodyUses: readonly BodyUse[];
};

/** Returns the coverage of a compiled definition, through its string to sign and its derived key. */
export function describeCoverage({ stringToSign, keySteps, query }: CompiledDefinition): Coverage {
  const own = query.filter(({ signature }) => !signature);
  // The query is never absent if the scheme adds parameters to it.
  const fields = new Set([
    ...listFields(
      stringToSign,
      own.some(({ optional }) => !optional),
    ),
    ...keySteps.flatMap((step) => [...step.fields]),
  ]);
  if (['query', 'target', 'url'].some((field) => fields.has(field))) {
    for (const { leaves } of own) for (const { id } of leaves) fields.add(id);
  }
  return { fields, headers: listHeaders(stringToSign), bodyUses: stringToSign.bodyUses };
}

function listHeaders({ fields, parts }: Compiled): readonly string[] {
  // A header in brackets is omitted only if the request lacks it.
  const inBrackets = parts.flatMap((part) =>
    part.kind !== 'optional'
      ? []
      : part.parts
          .flatMap((one) => (one.kind === 'value' ? [...one.expression.fields] : []))
          .filter((field) => field === part.absentable),
  );
  return [...fields, ...inBrackets].flatMap((field) => /^header\.(.+)$/.exec(field)?.[1]?.toLowerCase() ?? []);
}

function listFields({ fields, parts }: Compiled, hasQuery: boolean): ReadonlySet<string> {
  const inBrackets = parts.flatMap((part) => {
    if (part.kind !== 'optional') return [];
    const inner = part.parts.flatMap((one) => (one.kind === 'value' ? [...one.expression.fields] : []));
    if (part.absentable === 'query' && hasQuery) return inner;
    // Brackets with a challenge are present if there is a challenge.
    return part.absentable === 'challenge' ? inner.filter((field) => field === 'challenge') : [];
  });
  return new Set([...fields, ...inBrackets]);
}
