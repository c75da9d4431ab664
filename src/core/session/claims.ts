import { base64url, decodeBase64, decodeUtf8, utf8 } from '../encoding.ts';
import { readPublicKey } from './public-key.ts';
import { isMethod, isOrigin, isPathPrefix } from './values.ts';

/** What a session states about itself. Every member but the first three may be absent. */
export type Claims = {
  /** The id of the session: 16 characters of base64url. */
  readonly i: string;
  /** When the session ends, in seconds since the epoch. */
  readonly e: number;
  /** When the session was issued, in seconds since the epoch. */
  readonly b: number;
  /** The subject: for whom the session was issued. 1 to 128 characters. */
  readonly u?: string | undefined;
  /** The scopes. Absent: those of the parent. */
  readonly s?: readonly string[] | undefined;
  /** The methods. Absent: all. */
  readonly m?: readonly string[] | undefined;
  /** The path prefixes. Absent: all paths. */
  readonly p?: readonly string[] | undefined;
  /** The origins of pages. Absent: all, and callers that are no browsers. */
  readonly o?: readonly string[] | undefined;
  /** The public key of a bound session: raw bytes in base64url. Only bound sessions have one. */
  readonly k?: string | undefined;
};

/**
 * Encodes claims in their only spelling: base64url of JSON with the keys in the order i, e, b, u, s, m, p, o, k. `JSON.stringify`
 * leaves out members that are undefined.
 */
export const encodeClaims = ({ i, e, b, u, s, m, p, o, k }: Claims): string =>
  base64url(utf8(JSON.stringify({ i, e, b, u, s, m, p, o, k })));

/**
 * Decodes claims. Any spelling but that of {@link encodeClaims} gives undefined: white space, another order, a key twice, an unknown
 * key, null, an empty or unsorted list, an escape, another spelling of a number, and spare bits in the base64url.
 */
export function decodeClaims(text: string): Claims | undefined {
  try {
    const claims: unknown = JSON.parse(decodeUtf8(decodeBase64(text)));
    return isClaims(claims) && encodeClaims(claims) === text ? claims : undefined;
  } catch {
    return undefined;
  }
}

/** Checks the values of claims. */
export function isClaims(value: unknown): value is Claims {
  if (typeof value !== 'object' || value === null) return false;
  const { i, e, b, u, s, m, p, o, k } = value as Partial<Record<keyof Claims, unknown>>;
  return (
    typeof i === 'string' &&
    /^[\w-]{16}$/.test(i) &&
    isSeconds(e) &&
    isSeconds(b) &&
    b < e &&
    (u === undefined || (typeof u === 'string' && /^[ -~]{1,128}$/.test(u))) &&
    isList(s, isScope) &&
    isList(m, isMethod) &&
    isList(p, isPathPrefix) &&
    isList(o, isOrigin) &&
    (k === undefined || readPublicKey(k) !== undefined)
  );
}

// At most 12 digits, as in the timestamps of countersign-v1.
const isSeconds = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) < 1e12;

const isScope = (text: string): boolean => /^[ -~]+$/.test(text);

/** True for an absent list, and for one with sound entries, each once, in the order of their code units. */
function isList(value: unknown, isSound: (entry: string) => boolean): boolean {
  if (value === undefined) return true;
  if (!Array.isArray(value) || value.length === 0) return false;
  const entries: readonly unknown[] = value;
  return entries.every((entry, index) => {
    const before = entries[index - 1];
    return typeof entry === 'string' && isSound(entry) && (typeof before !== 'string' || before < entry);
  });
}
