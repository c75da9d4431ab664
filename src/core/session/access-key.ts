import { fail } from '../errors.ts';
import { type Claims, decodeClaims } from './claims.ts';
import { type Grant, narrowed, widening } from './grant.ts';

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
};

const session = '~s1.';
const boundSession = '~p1.';

/** The longest access key of a session, in characters. */
export const maxSessionKey = 1024;
/** The longest chain of sessions. */
export const maxLinks = 3;

/** True if a text contains what marks the access key of a session. An ordinary access key never does. */
export const hasSessionMark = (accessKey: string): boolean =>
  accessKey.includes(session) || accessKey.includes(boundSession);

/** Appends a link to the access key of a parent or of a session. */
export const appendLink = (accessKey: string, claims: string): string =>
  accessKey + (accessKey.includes(session) ? '~' : session) + claims;

/**
 * Reads the access key of a session, `<parent>~s1.<claims>` and `~<claims>` for each further link. Returns undefined for an ordinary
 * access key.
 *
 * @throws SignatureError `malformed_field` for any other spelling, for more than 3 links or 1,024 characters, and for a link that
 * allows more than the one before.
 */
export function parseSessionKey(accessKey: string): SessionKey | undefined {
  if (!hasSessionMark(accessKey)) return undefined;
  const end = accessKey.indexOf(session);
  const bound = accessKey.indexOf(boundSession);
  if (bound >= 0 && !(end >= 0 && end < bound)) malformed('is bound to a key pair, which is not supported');
  if (accessKey.length > maxSessionKey) malformed(`has more than ${maxSessionKey} characters`);
  const parent = accessKey.slice(0, end);
  if (!/^[\w.~-]{1,512}$/.test(parent)) malformed('names no parent');
  const texts = accessKey.slice(end + session.length).split('~');
  if (texts.length > maxLinks) malformed(`has more than ${maxLinks} links`);
  let grant: Grant | undefined;
  let whole = parent;
  const links: Claims[] = [];
  const accessKeys: string[] = [];
  for (const text of texts) {
    const claims = decodeClaims(text) ?? malformed('has malformed claims');
    const wider = grant && widening(grant, claims);
    if (wider) malformed(`has a link with ${wider}`);
    grant = narrowed(grant, claims);
    whole = appendLink(whole, text);
    links.push(claims);
    accessKeys.push(whole);
  }
  const [first] = links;
  return grant && first ? { parent, first, links, accessKeys, grant } : malformed('has no claims');
}

const malformed = (found: string): never => fail('malformed_field', `The access key of the session ${found}.`);
