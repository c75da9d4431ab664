import type { Compiled } from './compile.ts';
import type { CompiledDefinition } from './compile-definition.ts';
import type { BodyUse } from './expression.ts';

/** What a signature covers, whatever the request. */
export type Coverage = {
  /** Fields no byte of which can change. */
  readonly fields: ReadonlySet<string>;
  /** Names of headers that are signed whole wherever a request has them, in lower case. */
  readonly headers: readonly string[];
  readonly bodyUses: readonly BodyUse[];
};

/** What the signatures of a compiled definition cover: by their string, and by the key where it is derived. */
export function describeCoverage({ stringToSign, keySteps, query }: CompiledDefinition): Coverage {
  const own = query.filter(({ signature }) => !signature);
  // A query with parameters of ours in it is never absent.
  const fields = new Set([
    ...fieldsOf(
      stringToSign,
      own.some(({ optional }) => !optional),
    ),
    ...keySteps.flatMap((step) => [...step.fields]),
  ]);
  if (['query', 'target', 'url'].some((field) => fields.has(field))) {
    for (const { leaves } of own) for (const { id } of leaves) fields.add(id);
  }
  return { fields, headers: headersOf(stringToSign), bodyUses: stringToSign.bodyUses };
}

function headersOf({ fields, parts }: Compiled): readonly string[] {
  // A header in brackets is left out only where the request has none.
  const inBrackets = parts.flatMap((part) =>
    part.kind !== 'optional'
      ? []
      : part.parts
          .flatMap((one) => (one.kind === 'value' ? [...one.expression.fields] : []))
          .filter((field) => field === part.absentable),
  );
  return [...fields, ...inBrackets].flatMap((field) => /^header\.(.+)$/.exec(field)?.[1]?.toLowerCase() ?? []);
}

function fieldsOf({ fields, parts }: Compiled, hasQuery: boolean): ReadonlySet<string> {
  const inBrackets = parts.flatMap((part) => {
    if (part.kind !== 'optional') return [];
    const inner = part.parts.flatMap((one) => (one.kind === 'value' ? [...one.expression.fields] : []));
    if (part.absentable === 'query' && hasQuery) return inner;
    // Where there is a challenge, these brackets are there too.
    return part.absentable === 'challenge' ? inner.filter((field) => field === 'challenge') : [];
  });
  return new Set([...fields, ...inBrackets]);
}
