import { fail } from '../errors.ts';
import { type Binding, decodeTag } from './bound.ts';
import { type Claims, decodeClaims } from './claims.ts';
import { type Grant, narrowed, widening } from './grant.ts';
import { readPublicKey } from './public-key.ts';

/** What a session's access key states. */
export type SessionKey = {
  /** The access key of the parent. */
  readonly parent: string;
  /** The claims of the first link, which the holder of the parent's secret issued. Holders of the session made all others. */
  readonly first: Claims;
  /** The claims of each link. The last link is the session itself; the others are those that it was narrowed from. */
  readonly links: readonly Claims[];
  /** The access key of each link. The last is the whole access key. */
  readonly accessKeys: readonly string[];
  /** What all links together allow. */
  readonly grant: Grant;
  /** Undefined unless the session is bound to a key pair. */
  readonly binding: Binding | undefined;
};

const sessionMark = '~s1.';
const boundMark = '~p1.';

/** The longest access key of a session, in characters. */
export const maxSessionKey = 1024;
/** The longest chain of sessions. */
export const maxLinks = 3;

/** True if a text contains what marks the access key of a session. An ordinary access key never does. */
export const hasSessionMark = (accessKey: string): boolean =>
  accessKey.includes(sessionMark) || accessKey.includes(boundMark);

/** Appends a link to the access key of a parent or of a session. */
export const appendLink = (accessKey: string, claims: string): string =>
  accessKey + (accessKey.includes(sessionMark) ? '~' : sessionMark) + claims;

/** Appends the claims of a bound session to the access key of its parent. The tag is still to follow, after a dot. */
export const appendBoundClaims = (accessKey: string, claims: string): string => accessKey + boundMark + claims;

/**
 * Reads the access key of a session: `<parent>~s1.<claims>` and `~<claims>` for each further link, or `<parent>~p1.<claims>.<tag>` for a
 * session that is bound to a key pair. Returns undefined for an ordinary access key.
 *
 * @throws SignatureError `malformed_field` for any other spelling, for more than 3 links or 1,024 characters, and for a link that
 * allows more than the one before.
 */
export function parseSessionKey(accessKey: string): SessionKey | undefined {
  const mark = /~([sp])1\./.exec(accessKey);
  if (!mark) return undefined;
  if (accessKey.length > maxSessionKey) malformed(`has more than ${maxSessionKey} characters`);
  const parent = accessKey.slice(0, mark.index);
  if (!/^[\w.~-]{1,512}$/.test(parent)) malformed('names no parent');
  const rest = accessKey.slice(mark.index + mark[0].length);
  return mark[1] === 's' ? parseChain(parent, rest) : parseBound(accessKey, { parent, rest });
}

function parseChain(parent: string, rest: string): SessionKey {
  const texts = rest.split('~');
  if (texts.length > maxLinks) malformed(`has more than ${maxLinks} links`);
  let grant: Grant | undefined;
  let whole = parent;
  const links: Claims[] = [];
  const accessKeys: string[] = [];
  for (const text of texts) {
    const claims = decodeClaims(text) ?? malformed('has malformed claims');
    if (claims.k !== undefined) malformed('has a public key, but is not bound to it');
    const wider = grant && widening(grant, claims);
    if (wider) malformed(`has a link with ${wider}`);
    grant = narrowed(grant, claims);
    whole = appendLink(whole, text);
    links.push(claims);
    accessKeys.push(whole);
  }
  const [first] = links;
  return grant && first ? { parent, first, links, accessKeys, grant, binding: undefined } : malformed('has no claims');
}

function parseBound(
  accessKey: string,
  { parent, rest }: { readonly parent: string; readonly rest: string },
): SessionKey {
  const end = rest.indexOf('.');
  const tag = (end < 0 ? undefined : decodeTag(rest.slice(end + 1))) ?? malformed('has no tag, or a malformed one');
  const first = decodeClaims(rest.slice(0, end)) ?? malformed('has malformed claims');
  const publicKey = readPublicKey(first.k) ?? malformed('has no public key');
  const tagged = appendBoundClaims(parent, rest.slice(0, end));
  const grant = narrowed(undefined, first);
  return { parent, first, links: [first], accessKeys: [accessKey], grant, binding: { publicKey, tagged, tag } };
}

const malformed = (found: string): never => fail('malformed_field', `The access key of the session ${found}.`);
