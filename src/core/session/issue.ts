import { type Credentials, checkAccessKey, checkSecret } from '../credentials.ts';
import { base64url } from '../encoding.ts';
import { fail } from '../errors.ts';
import { appendLink, maxLinks, maxSessionKey, parseSessionKey } from './access-key.ts';
import { type Claims, encodeClaims, isClaims } from './claims.ts';
import { deriveSessionSecret } from './derive.ts';
import { narrowed, widening } from './grant.ts';
import { isOrigin, isPathPrefix } from './values.ts';

/** What a session may do, and for how long. */
export type SessionOptions = {
  /** How long the session is valid, in seconds. A verifier accepts at most 86400 (a day) unless it is set otherwise. */
  readonly expiresIn: number;
  /** The scopes, of those that the parent has. @default all scopes of the parent */
  readonly scopes?: readonly string[];
  /**
   * For whom the session is, such as the id of a user: 1 to 128 characters. A session that is narrowed keeps its subject, or has none.
   * @default none
   */
  readonly subject?: string;
  /** Origins of pages, such as `https://app.example.com`. Requests must have one of them as `Origin`. @default any, or none */
  readonly origins?: readonly string[];
  /** The methods. @default all */
  readonly methods?: readonly string[];
  /** Path prefixes, segment by segment: `/v1/a` allows `/v1/a` and `/v1/a/b`, not `/v1/ab`. @default all paths */
  readonly paths?: readonly string[];
  /** The time in milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
};

/** Credentials of a session. Unlike long-lived credentials they are made to be sent to their holder, so JSON has the secret. */
export type Session = {
  readonly accessKey: string;
  readonly secret: string;
  /** In milliseconds since the epoch. */
  readonly expiresAt: number;
};

const optionNames = /^(expiresIn|scopes|subject|origins|methods|paths|clock)$/;

/**
 * Issues a session: short-lived credentials that may do at most what their parent may. Needs no call and no store: the access key
 * states what the session may do, and its secret is derived from the parent's. A session as `credentials` gives a narrower session.
 * Characters of `subject` and `scopes` other than printable ASCII, and `%`, are percent-encoded.
 *
 * @param credentials of the parent, whose secret is a string or bytes.
 * @throws SignatureError `invalid_credentials` for credentials that are malformed, or whose secret is a `CryptoKey`;
 * `invalid_configuration` for an unknown option or an invalid value, for a subject of a narrower session, for a session that would allow more or last longer than the one
 * that it narrows, and for an access key of more than 1,024 characters or 3 links.
 * @example
 * import { generateCredentials, issueSession } from 'countersign';
 *
 * const parent = generateCredentials();
 * const session = issueSession(parent, { expiresIn: 900, scopes: ['orders:read'], subject: 'user-7' });
 * console.log(session.accessKey.startsWith(`${parent.accessKey}~s1.`)); // → true
 */
export function issueSession(credentials: Credentials, options: SessionOptions): Session {
  const unknown = Object.keys(options).find((name) => !optionNames.test(name));
  if (unknown) invalid(`issueSession() has no option ${unknown}`);
  const { accessKey, secret } = credentials;
  const before = parseParent(accessKey);
  checkSecret(secret);
  if (typeof secret !== 'string' && !ArrayBuffer.isView(secret)) {
    fail(
      'invalid_credentials',
      'The secret is a CryptoKey, from which no session can be derived: pass its text or bytes.',
    );
  }
  if (before && options.subject !== undefined) invalid('subject is given, which a session cannot state or change');
  const claims = claimsOf(options, before?.grant.beginsAt ?? 0);
  const wider = before && widening(before.grant, claims);
  if (wider) invalid(`The session would have ${wider} than the one that it narrows`);
  if (before && before.links.length >= maxLinks) invalid(`A chain has at most ${maxLinks} sessions`);
  const own = appendLink(accessKey, encodeClaims(claims));
  if (own.length > maxSessionKey) {
    invalid(
      `The access key has ${own.length} characters, at most ${maxSessionKey} are allowed: use shorter or fewer values`,
    );
  }
  const { expiresAt } = narrowed(before?.grant, claims);
  return { accessKey: own, secret: deriveSessionSecret(secret, [own]), expiresAt: expiresAt * 1000 };
}

function parseParent(accessKey: string): ReturnType<typeof parseSessionKey> {
  try {
    const session = parseSessionKey(accessKey ?? '');
    checkAccessKey(session?.parent ?? accessKey);
    return session;
  } catch (cause) {
    return fail('invalid_credentials', (cause as Error).message, undefined, cause);
  }
}

function claimsOf(options: SessionOptions, earliest: number): Claims {
  const { expiresIn, scopes, subject, origins, methods, paths, clock = () => Date.now() } = options;
  if (!(Number.isInteger(expiresIn) && expiresIn > 0 && expiresIn <= 31_536_000)) {
    invalid(`expiresIn is ${expiresIn}, it must be a whole number of seconds, at most 31536000`);
  }
  if (subject !== undefined && typeof subject !== 'string') invalid('subject must be a string');
  checkLists(options);
  // A holder whose clock is slow can narrow a session too.
  const b = Math.max(Math.floor(clock() / 1000), earliest);
  const claims = {
    i: base64url(crypto.getRandomValues(new Uint8Array(12))),
    e: b + expiresIn,
    b,
    u: subject === undefined ? undefined : printable(subject),
    s: sorted(scopes?.map(printable)),
    m: sorted(methods?.map((method) => method.toUpperCase())),
    p: sorted(paths),
    o: sorted(origins),
  };
  return isClaims(claims)
    ? claims
    : invalid('subject must have 1 to 128 characters, scopes and methods no empty entry, and no list may be empty');
}

function checkLists({ scopes, origins, methods, paths }: SessionOptions): void {
  for (const [name, list] of Object.entries({ scopes, origins, methods, paths })) {
    if (list !== undefined && !(Array.isArray(list) && list.every((entry) => typeof entry === 'string')))
      invalid(`${name} must be a list of strings`);
  }
  for (const path of paths ?? []) if (!isPathPrefix(path)) invalid(`paths has ${quoted(path)}, ${expected.paths}`);
  for (const origin of origins ?? [])
    if (!isOrigin(origin)) invalid(`origins has ${quoted(origin)}, ${expected.origins}`);
}

const expected = {
  paths: 'not a path as on the wire, without query, dot segments, // and a slash at the end',
  origins: 'not an origin as browsers write it, such as https://app.example.com',
};

const sorted = (list: readonly string[] | undefined) => list && [...new Set(list)].sort();

/** Percent-encodes the UTF-8 of everything but printable ASCII, and `%`, so that two texts never have one encoding. */
const printable = (text: string): string =>
  text.replace(/[\ud800-\udfff]/gu, '\ufffd').replace(/[^ -~]+|%/g, encodeURIComponent);

const quoted = (text: unknown): string => JSON.stringify(String(text).slice(0, 100));

const invalid = (message: string): never => fail('invalid_configuration', `${message}.`);
