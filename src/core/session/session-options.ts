import { normaliseTarget } from '../address.ts';
import { base64url } from '../encoding.ts';
import { fail } from '../errors.ts';
import { namesOf } from '../names-of.ts';
import { maxSessionKey } from './access-key.ts';
import { type Claims, isClaims } from './claims.ts';
import { hiddenEscape, isOrigin, isPathPrefix } from './values.ts';

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
  /**
   * Path prefixes as on the wire, segment by segment: `/v1/a` allows `/v1/a` and `/v1/a/b`, not `/v1/ab`. Escapes that servers read
   * differently, such as `%20` and `%2F`, are refused in them, and in the paths of requests. @default all paths
   */
  readonly paths?: readonly string[];
  /** The time in milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
};

const optionNames = /^(expiresIn|scopes|subject|origins|methods|paths|clock)$/;

/**
 * Makes the claims of a session from its options, with a random id.
 *
 * @param rules.earliest the time of issue is not before it, in seconds since the epoch.
 * @param rules.other an option of the caller's own.
 * @throws SignatureError `invalid_configuration` for an unknown option or an invalid value.
 */
export function claimsOf(
  options: SessionOptions,
  { earliest, where, other }: { readonly earliest: number; readonly where: string; readonly other?: string },
): Claims {
  if (typeof options !== 'object' || options === null)
    invalid(`${where} takes options, at least { expiresIn: seconds }`);
  const unknown = namesOf(options).find((name) => !optionNames.test(name) && name !== other);
  if (unknown) invalid(`${where} has no option ${unknown}`);
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

function checkLists(options: SessionOptions): void {
  const { paths, origins } = options;
  for (const name of ['scopes', 'origins', 'methods', 'paths'] as const) {
    const list = options[name];
    // Undefined that is there would silently allow everything.
    if (name in options && !(Array.isArray(list) && list.every((entry) => typeof entry === 'string')))
      invalid(`${name} must be a list of strings: leave it out to set no bound`);
  }
  for (const path of paths ?? []) if (!isPathPrefix(path)) invalid(`paths has ${quoted(path)}, ${reasonAgainst(path)}`);
  for (const origin of origins ?? [])
    if (!isOrigin(origin)) invalid(`origins has ${quoted(origin)}, ${expected.origins}`);
}

function reasonAgainst(path: string): string {
  const spelled = normaliseTarget(path);
  const found = hiddenEscape(spelled);
  if (found)
    return `with the escape ${found}, which servers read differently: a session with paths may call no such path`;
  return isPathPrefix(spelled) ? `on the wire it is ${quoted(spelled)}` : expected.paths;
}

const expected = {
  paths: 'not a path as on the wire, without query, dot segments, // and a slash at the end',
  origins: 'not an origin as browsers write it, such as https://app.example.com',
};

const sorted = (list: readonly string[] | undefined) => list && [...new Set(list)].sort();

/** Percent-encodes the UTF-8 of everything but printable ASCII, and `%`, so that two texts never have one encoding. */
export const printable = (text: string): string =>
  text.replace(/[\ud800-\udfff]/gu, '\ufffd').replace(/[^ -~]+|%/g, encodeURIComponent);

const quoted = (text: unknown): string => JSON.stringify(String(text).slice(0, 100));

/** @throws SignatureError `invalid_configuration` for an access key of more than 1,024 characters. */
export function requireShort(accessKey: string): void {
  if (accessKey.length > maxSessionKey) {
    invalid(
      `The access key has ${accessKey.length} characters, at most ${maxSessionKey} are allowed: use shorter or fewer values`,
    );
  }
}

/** @throws SignatureError `invalid_configuration` */
export const invalid = (message: string): never => fail('invalid_configuration', `${message}.`);
