import type { Compiled } from './compile.ts';
import type { CompiledDefinition } from './compile-definition.ts';
import type { BodyUse } from './expression.ts';
import { headerName } from './fields.ts';

/** The coverage of a signature that holds for every request. */
export type Coverage = {
  /** Fields that are covered to the last byte. */
  readonly fields: ReadonlySet<string>;
  /** Names of headers that are fully signed if present, in lower case. */
  readonly headers: readonly string[];
  /** Whether additional headers are fully signed, with their names. */
  readonly additional: boolean;
  readonly bodyUses: readonly BodyUse[];
};

/** Returns the coverage of a compiled definition, through its string to sign and its derived key. */
export function describeCoverage({ stringToSign, keySteps, query, namesInLines }: CompiledDefinition): Coverage {
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
  const { ifPresent, bodyUses } = stringToSign;
  const isNamed = namesInLines || ifPresent.has('signedHeaders');
  return {
    fields,
    headers: [...ifPresent].flatMap((field) => headerName(field) ?? []),
    additional: ifPresent.has('signedHeaderLines') && isNamed,
    bodyUses,
  };
}

function listFields({ fields, ifPresent, parts }: Compiled, hasQuery: boolean): ReadonlySet<string> {
  const inBrackets = parts.flatMap((part) =>
    part.kind === 'optional' && part.absentable === 'query' && hasQuery
      ? part.parts.flatMap((one) => (one.kind === 'value' ? [...one.expression.fields] : []))
      : [],
  );
  // Brackets with a challenge are present if there is a challenge.
  return new Set([...fields, ...inBrackets, ...(ifPresent.has('challenge') ? ['challenge'] : [])]);
}
