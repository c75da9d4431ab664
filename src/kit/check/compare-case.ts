import { decodeBase64, decodeHex, decodeUtf8 } from '../../core/encoding.ts';
import { secretPlaceholder } from '../../schemes/define/keyed-hash.ts';
import type { KitCase } from '../cases.ts';

/** What a signer under test has made of a case. */
export type SignerResult = {
  readonly stringToSign?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The URL to send, for schemes that sign in the query. */
  readonly url?: string;
  /** Why the signer refuses the request. */
  readonly refused?: string;
};

/** The first stage of a case that differs. */
export type CaseDifference = {
  readonly stage: 'refusal' | 'string-to-sign' | 'headers' | 'url';
  /** Where in the stage: a line, or the name of a header. */
  readonly at: string;
  readonly expected: string;
  readonly found: string;
};

/** Compares stage by stage. Undefined if all agree. */
export function compareCase({ expected, secret }: KitCase, result: SignerResult): CaseDifference | undefined {
  const { stringToSign, headers = {}, url, refused } = result;
  if (!expected) {
    if (refused !== undefined) return undefined;
    return { stage: 'refusal', at: 'the whole case', expected: 'a refusal', found: 'a signature' };
  }
  if (refused !== undefined) return { stage: 'refusal', at: 'the whole case', expected: 'a signature', found: refused };
  return (
    compareTexts(expected.stringToSign, hideSecret(stringToSign, { expected, secret })) ??
    compareHeaders(expected.headers, headers) ??
    (url === undefined || url === expected.url
      ? undefined
      : { stage: 'url', at: 'all of it', expected: expected.url, found: url })
  );
}

// A signer of a keyed hash may have written the secret where it is to be hashed.
const hideSecret = (
  found: string | undefined,
  { expected, secret }: { readonly expected: { readonly stringToSign?: string }; readonly secret: string },
): string | undefined =>
  expected.stringToSign?.includes(secretPlaceholder)
    ? formsOf(secret).reduce((text, form) => text?.replaceAll(form, secretPlaceholder), found)
    : found;

// The hash has the bytes that a secret in hex or base64 stands for, and a signer writes them as UTF-8 or one in each character.
function formsOf(secret: string): readonly string[] {
  const unpadded = secret.replace(/={1,2}$/, '');
  const decoded = [
    /^(?:[\da-f]{2})+$/i.test(secret) ? decodeHex(secret.toLowerCase()) : undefined,
    /^(?:[\w+/-]{4})*(?:[\w+/-]{2,3})?$/.test(unpadded) ? decodeBase64(unpadded) : undefined,
  ].flatMap((bytes) => (bytes?.length ? [decodeUtf8(bytes), String.fromCharCode(...bytes)] : []));
  return [secret, ...decoded];
}

// A signer without a string to show is compared by its headers alone, and so is one whose string is no text.
function compareTexts(expected: string | undefined, found: string | undefined): CaseDifference | undefined {
  if (expected === undefined || found === undefined || found === expected) return undefined;
  const lines = expected.split('\n');
  const others = found.split('\n');
  const at = lines.findIndex((line, i) => line !== others[i]);
  const line = at < 0 ? lines.length : at;
  return {
    stage: 'string-to-sign',
    at: `line ${line + 1}`,
    expected: lines[line] ?? 'no such line',
    found: others[line] ?? 'no such line',
  };
}

function compareHeaders(
  expected: Readonly<Record<string, string>>,
  found: Readonly<Record<string, string>>,
): CaseDifference | undefined {
  const made = new Map(Object.entries(found).map(([name, value]) => [name.toLowerCase(), value]));
  const wrong = Object.entries(expected).find(([name, value]) => made.get(name.toLowerCase()) !== value);
  if (wrong)
    return {
      stage: 'headers',
      at: wrong[0],
      expected: wrong[1],
      found: made.get(wrong[0].toLowerCase()) ?? 'no such header',
    };
  const known = Object.keys(expected).map((name) => name.toLowerCase());
  const extra = [...made].find(([name]) => !known.includes(name));
  return extra && { stage: 'headers', at: extra[0], expected: 'no such header', found: extra[1] };
}
