import type { Filter } from '../template.ts';
import type { Piece } from './flatten.ts';

/** What of a request, or about its signature, can be signed. */
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
  | 'challenge';

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
};

/** One way in which something goes into what is signed. */
export type Use = {
  readonly field: string;
  /** The filters that it goes through, those of templates that it is part of last. */
  readonly filters: readonly Filter[];
  /** What else must be there, or it is left out. */
  readonly unless: readonly string[];
};

/** Every use of an aspect in templates. */
export const listUses = (aspect: Aspect, templates: ReadonlyArray<readonly Piece[]>): readonly Use[] =>
  templates
    .flatMap((pieces) => usesIn(pieces, [], []))
    .filter(({ field }) => aspects[field]?.includes(aspect))
    // That it is left out where it is absent itself says that it is absent. Of a challenge, the sender decides.
    .map((use) => ({ ...use, unless: use.unless.filter((name) => !isImplied(name, { ...use, aspect })) }));

function isImplied(name: string, { field, aspect }: { readonly field: string; readonly aspect: Aspect }): boolean {
  // Without a body, its type says nothing.
  if (aspect === 'content type') return name === field || name === 'body';
  return name === aspect && aspect !== 'challenge';
}

/** Every field in templates. */
export const listFields = (templates: ReadonlyArray<readonly Piece[]>): ReadonlySet<string> =>
  new Set(templates.flatMap((pieces) => usesIn(pieces, [], []).map(({ field }) => field)));

function usesIn(pieces: readonly Piece[], outer: readonly Filter[], unless: readonly string[]): readonly Use[] {
  return pieces.flatMap((piece) => {
    if (piece.kind === 'text') return [];
    if (piece.kind === 'optional') {
      return usesIn(piece.pieces, outer, [...unless, ...absentableIn(piece.pieces)]);
    }
    if (piece.kind === 'made') return usesIn(piece.pieces, [...piece.filters, ...outer], unless);
    const only = piece.filters.find(({ name }) => name === 'only');
    const condition = only ? [`one of the methods ${only.argument ?? ''}`] : [];
    return [{ field: piece.field, filters: [...piece.filters, ...outer], unless: [...unless, ...condition] }];
  });
}

const absentable = /^(?:query|body|challenge|sessionToken|signedHeaders|header\..*)$/;

// What makes the brackets around it be left out.
const absentableIn = (pieces: readonly Piece[]): readonly string[] =>
  pieces.flatMap((piece) => {
    if (piece.kind === 'made') return absentableIn(piece.pieces);
    if (piece.kind !== 'value' || piece.filters.some(({ name }) => name === 'default')) return [];
    return absentable.test(piece.field) ? [piece.field] : [];
  });
