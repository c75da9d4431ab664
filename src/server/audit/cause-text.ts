import { isBytes } from '../../core/body.ts';
import { base64, base64url, hex, utf8 } from '../../core/encoding.ts';
import { excerpt } from '../../core/excerpt.ts';
import type { KeySecret } from '../contracts.ts';

/** In characters: of a cause that is searched for secrets, and of one that is shown. */
const limits = { searched: 2048, shown: 200 } as const;

/** Replaces what may be a secret. */
const hidden = '(hidden)';

// A value follows in too many forms to find its end, so everything behind such a word is hidden.
const sensitive =
  /(passwd|password|passphrase|\bpass\b|pwd|secret|token|authorization|\bauth\b|credentials?|api[ _-]?key|identified by).*$/is;

/** How many causes of causes are named. */
const depth = 3;

/**
 * The messages of an error and its causes, for operators: without the given secrets and without anything that looks like one.
 * Drivers write addresses, statements and settings into their messages.
 *
 * @returns at most 200 characters of printable ASCII; an empty string if the cause has no message.
 */
export function causeText(cause: unknown, secrets: readonly KeySecret[] = []): string {
  try {
    const text = messagesOf(cause, depth).join(': ').slice(0, limits.searched);
    return excerpt(masked(text, secrets), limits.shown);
  } catch {
    // A foreign error may throw where it is read.
    return '';
  }
}

function messagesOf(cause: unknown, left: number): readonly string[] {
  if (typeof cause === 'string') return [cause];
  if (!left || typeof cause !== 'object' || cause === null) return [];
  const { message, errors, cause: deeper } = cause as Partial<Record<string, unknown>>;
  const own = typeof message === 'string' && message ? [message] : [];
  const next = deeper ?? (Array.isArray(errors) ? errors[0] : undefined);
  return [...own, ...messagesOf(next, left - 1)];
}

function masked(text: string, secrets: readonly KeySecret[]): string {
  const known = secrets
    .flatMap(({ secret }) => formsOf(secret))
    .reduce((shown, form) => shown.replaceAll(form, hidden), text);
  return known
    .split(' ')
    .map(withoutUserInfo)
    .join(' ')
    .replace(sensitive, `$1 ${hidden}`)
    .replace(/[\w+/=-]{24,}/g, (run) => (/\d/.test(run) ? hidden : run));
}

/** Hides the user and password of an address. A password may hold any character, so it ends at the last `@`. */
function withoutUserInfo(word: string): string {
  const [start, end] = [word.indexOf('://') + 3, word.lastIndexOf('@')];
  return start > 2 && end > start ? word.slice(0, start) + hidden + word.slice(end) : word;
}

/** How a secret may be written in a message. */
function formsOf(secret: unknown): readonly string[] {
  const bytes = typeof secret === 'string' ? utf8(secret) : secret;
  if (!isBytes(bytes)) return [];
  const encoded = [hex(bytes), hex(bytes).toUpperCase(), base64(bytes), base64url(bytes)];
  if (typeof secret !== 'string') return encoded;
  return [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), ...encoded];
}
