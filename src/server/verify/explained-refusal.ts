import { decodeUtf8, utf8 } from '../../core/encoding.ts';
import { SignatureError, type SignatureErrorCode } from '../../core/errors.ts';
import type { HeaderView, Message } from '../../core/message.ts';
import type { Scheme, ToSign } from '../../core/scheme.ts';
import type { KeyRecord } from '../contracts.ts';
import { type Bytes, createBodyReader } from './body.ts';
import type { ReceivedRequest } from './message.ts';
import type { Verification } from './verify.ts';

/** A difference between a signature and the received request, as a refusal states it. */
export type RefusalDifference = {
  /** Stable, such as `path-slash`; docs/explain.md has a row for each. */
  readonly code: string;
  /** What was signed, and what was received. */
  readonly message: string;
  /** What to change, and on which side. */
  readonly remedy: string;
  /** Whether it is certain. */
  readonly proven: boolean;
};

/** A refused request of a key whose record has `explain`. */
export type RefusedRequest = {
  /** The request at its public address. */
  readonly message: Message;
  readonly scheme: Scheme;
  /** The access key as received. */
  readonly accessKey: string;
  readonly record: KeyRecord;
  /** The time of verification, in milliseconds since the epoch. */
  readonly now: number;
  /** In seconds. */
  readonly tolerance: number;
  /**
   * Returns the body; undefined if it was not read, and is larger or slower than this.
   *
   * @param limits in bytes and milliseconds.
   */
  body(limits: { readonly size: number; readonly timeout: number }): Promise<Uint8Array | undefined>;
};

/** What a refusal says in addition. */
export type RefusalExplanation = {
  readonly differences: readonly RefusalDifference[];
  /** A sentence about the search, for `detail` of the response. @default none */
  readonly note?: string;
};

/** Explains refusals, such as `explainRefusals()` of `countersign/explain`. If it throws, the refusal is sent without an explanation. */
export type RefusalExplainer = (refused: RefusedRequest) => Promise<RefusalExplanation>;

/** The members that an explained refusal has in addition to those of any refusal. */
export type ExplainedRefusal = Partial<RefusalExplanation> & {
  /** The string that the signature must cover. Values of headers beside those of the scheme are masked. */
  readonly stringToSign?: string;
};

const explained: readonly SignatureErrorCode[] = ['signature_mismatch', 'body_digest_mismatch'];

/** The circumstances of a refusal. */
export type RefusalCircumstances = {
  readonly request: Request | ReceivedRequest;
  readonly verification: Verification;
  readonly explain: RefusalExplainer | undefined;
  readonly now: number;
  /** In seconds. */
  readonly tolerance: number;
  /** Whether a body that was not read may be read. */
  readonly readable: boolean;
};

/** Explains a refusal to a caller whose key's record has `explain`; undefined for all others. */
export async function explainedRefusal(
  { code }: SignatureError,
  { request, verification, explain, now, tolerance, readable }: RefusalCircumstances,
): Promise<ExplainedRefusal | undefined> {
  const { record, candidate, message, body: reader } = verification;
  if (record?.explain !== true || !candidate || !message || !explained.includes(code)) return undefined;
  const { scheme, accessKey } = candidate;
  const taken = async () => reader?.taken();
  const stringToSign = shownString({ scheme, message, body: await taken().catch(() => undefined) });
  const body: RefusedRequest['body'] = async ({ size, timeout }) =>
    (await taken()) ?? (readable ? readSoon(request, { size, timeout }) : undefined);
  const refused = { message, scheme, accessKey, record, now, tolerance, body };
  const found = await explain?.(refused).catch(() => undefined);
  return { ...(stringToSign !== undefined && { stringToSign }), ...found };
}

type ReadingLimits = { readonly size: number; readonly timeout: number };

/** Reads a small body that arrives soon. The request is refused, so nobody else needs it. */
async function readSoon(request: Request | ReceivedRequest, { size, timeout }: ReadingLimits): Promise<Bytes> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), timeout);
  });
  try {
    const read = async () => (await createBodyReader(request, size).read()) ?? new Uint8Array();
    return await Promise.race([read().catch(() => undefined), late]);
  } finally {
    clearTimeout(timer);
  }
}

type Signed = { readonly scheme: Scheme; readonly message: Message; readonly body: Bytes };

/** In characters. A string to sign may contain the body. */
const longest = 8192;

/**
 * Returns the string to sign as text. The caller chooses which headers it names, and a proxy may have added secret ones: the values of
 * all but those of the scheme are masked.
 */
function shownString({ scheme, message, body }: Signed): string | undefined {
  const lines = textToSign({ scheme, message, body })?.split('\n');
  const headers = maskedHeaders(message.headers, [...scheme.fields, ...harmless]);
  const masked = textToSign({ scheme, message: { ...message, headers }, body })?.split('\n');
  if (!lines || masked?.length !== lines.length) return undefined;
  const text = lines.map((line, place) => shownLine(line, masked[place] ?? '')).join('\n');
  return text.length > longest ? `${text.slice(0, longest)}… (${text.length} characters)` : text;
}

const harmless = ['content-type', 'content-digest', 'content-length', 'date', 'host'];

/** A line that depends on masked values is shown with the mask, or if it is a SHA-256, which reveals none. */
function shownLine(line: string, masked: string): string {
  if (masked === line || (sha256.test(line) && sha256.test(masked))) return line;
  return mask.test(masked) ? masked : '(not shown: it depends on other headers)';
}

const sha256 = /^[\da-f]{64}$/;
const mask = /\(\d+ characters\)/;

const maskValue = (value: string): string => `(${value.length} characters)`;

function maskedHeaders(headers: HeaderView, shown: readonly string[]): HeaderView {
  const isShown = (name: string): boolean => shown.includes(name.toLowerCase());
  return {
    get(name) {
      const value = headers.get(name);
      return value === null || isShown(name) ? value : maskValue(value);
    },
    keys: () => headers.keys?.() ?? [],
    lines(name) {
      const lines = headers.lines?.(name) ?? [headers.get(name) ?? []].flat();
      return isShown(name) ? lines : lines.map(maskValue);
    },
  };
}

function textToSign({ scheme, message, body }: Signed): string | undefined {
  try {
    const { stringToSign } = scheme.read(message);
    if (typeof stringToSign !== 'function') return asText(stringToSign);
    return body && asText(stringToSign(body));
  } catch (error) {
    if (error instanceof SignatureError) return undefined;
    throw error;
  }
}

function asText(signed: ToSign): string | undefined {
  if (typeof signed === 'string') return signed;
  const text = decodeUtf8(signed);
  const again = utf8(text);
  return again.length === signed.length && again.every((byte, place) => byte === signed[place]) ? text : undefined;
}
