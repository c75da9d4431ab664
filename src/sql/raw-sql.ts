import type { Expression, RawNode } from 'kysely';

/** SQL as an expression. Not made with Kysely's `sql`, so that Kysely is needed for its types alone. */
export const rawSql = (text: string): Expression<string> => {
  const node: RawNode = { kind: 'RawNode', sqlFragments: [text], parameters: [] };
  return { expressionType: undefined, toOperationNode: () => node };
};
