import type { Claims } from './claims.ts';
import { isBelow } from './values.ts';

/** What a session allows, in words. */
export type Grant = {
  /** When the last link begins, in seconds since the epoch. */
  readonly beginsAt: number;
  /** When the last link ends, in seconds since the epoch. */
  readonly expiresAt: number;
  readonly subject: string | undefined;
  /** Undefined for no restriction, like the other lists. */
  readonly scopes: readonly string[] | undefined;
  readonly methods: readonly string[] | undefined;
  readonly paths: readonly string[] | undefined;
  readonly origins: readonly string[] | undefined;
};

/** What a session and one more link allow together. The caller has checked that the link does not widen. */
export const narrowed = (grant: Grant | undefined, { e, b, u, s, m, p, o }: Claims): Grant => ({
  beginsAt: b,
  expiresAt: e,
  subject: u ?? grant?.subject,
  scopes: s ?? grant?.scopes,
  methods: m ?? grant?.methods,
  paths: p ?? grant?.paths,
  origins: o ?? grant?.origins,
});

/** Names the first claim of a link that allows more than the session that it narrows; undefined if there is none. */
export function widening(grant: Grant, { e, b, u, s, m, p, o }: Claims): string | undefined {
  if (e > grant.expiresAt) return 'a later end';
  if (b < grant.beginsAt) return 'an earlier time of issue';
  // Its holder makes a further link: only the issuer of the first may state a subject.
  if (u !== undefined && u !== grant.subject) return 'another subject';
  if (!isSubset(s, grant.scopes)) return 'a scope more';
  if (!isSubset(m, grant.methods)) return 'a method more';
  if (p && grant.paths && !p.every((prefix) => isBelow(prefix, grant.paths ?? []))) return 'a path more';
  if (o && grant.origins && o.join() !== grant.origins.join()) return 'other origins';
  return undefined;
}

const isSubset = (of: readonly string[] | undefined, all: readonly string[] | undefined): boolean =>
  !of || !all || of.every((one) => all.includes(one));
