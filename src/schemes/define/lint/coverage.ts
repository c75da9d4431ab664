import type { PlannedFilter } from '../plan/value.ts';
import { formatMethods, type Piece } from './flatten.ts';

/** An aspect of a request, or of its signature, that can be signed. */
export type Aspect =
  | 'method'
  | 'host'
  | 'port'
  | 'path'
  | 'query'
  | 'content type'
  | 'body'
  | 'timestamp'
  | 'nonce'
  | 'accessKey'
  | 'challenge'
  | 'header names';

const aspects: Readonly<Record<string, readonly Aspect[]>> = {
  method: ['method'],
  authority: ['host', 'port'],
  host: ['host'],
  port: ['port'],
  path: ['path'],
  query: ['query'],
  target: ['path', 'query'],
  url: ['host', 'port', 'path', 'query'],
  'header.content-type': ['content type'],
  body: ['body'],
  timestamp: ['timestamp'],
  nonce: ['nonce'],
  accessKey: ['accessKey'],
  challenge: ['challenge'],
  signedHeaders: ['header names'],
  name: ['header names'],
};

/** One occurrence of a field in the signed templates. */
export type Use = {
  readonly field: string;
  /** The filters applied to it; those of enclosing templates come last. */
  readonly filters: readonly PlannedFilter[];
  /** What else must be there: otherwise the field is omitted. */
  readonly unless: readonly string[];
};

/** Lists every use of an aspect in templates. */
export const listUses = (aspect: Aspect, templates: ReadonlyArray<readonly Piece[]>): readonly Use[] =>
  templates
    .flatMap((pieces) => collectUses(pieces, [], []))
    .filter(({ field }) => aspects[field]?.includes(aspect))
    // An omitted field is itself evidence that it is absent. Not so for a challenge, which the sender may omit at will.
    .map((use) => ({ ...use, unless: use.unless.filter((name) => !isImplied(name, { ...use, aspect })) }));

function isImplied(name: string, { field, aspect }: { readonly field: string; readonly aspect: Aspect }): boolean {
  // Without a body the content type has no meaning.
  if (aspect === 'content type') return name === field || name === 'body';
  // Without additional headers there are no names.
  if (aspect === 'header names') return /^signedHeader/.test(name);
  return name === aspect && aspect !== 'challenge';
}

/** Lists every use of fields that are no aspect: other headers, the lines of additional headers. */
export const listOtherUses = (templates: ReadonlyArray<readonly Piece[]>): readonly Use[] =>
  templates.flatMap((pieces) => collectUses(pieces, [], [])).filter(({ field }) => !aspects[field]);

/** Lists every field in templates. */
export const listFields = (templates: ReadonlyArray<readonly Piece[]>): ReadonlySet<string> =>
  new Set(templates.flatMap((pieces) => collectUses(pieces, [], []).map(({ field }) => field)));

function collectUses(
  pieces: readonly Piece[],
  outer: readonly PlannedFilter[],
  unless: readonly string[],
): readonly Use[] {
  return pieces.flatMap((piece) => {
    if (piece.kind === 'text') return [];
    if (piece.kind === 'optional') return collectUses(piece.pieces, outer, [...unless, ...piece.unless]);
    if (piece.kind === 'made') return collectUses(piece.pieces, [...piece.filters, ...outer], unless);
    const only = piece.filters.find(({ name }) => name === 'only');
    const conditions = new Set([...unless, ...(only ? [formatMethods(only.argument ?? '')] : [])]);
    return [{ field: piece.field, filters: [...piece.filters, ...outer], unless: [...conditions] }];
  });
}
