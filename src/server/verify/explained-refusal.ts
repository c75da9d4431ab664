import type { SignatureError, SignatureErrorCode } from '../../core/errors.ts';
import type { Message } from '../../core/message.ts';
import type { Scheme } from '../../core/scheme.ts';
import type { KeyRecord } from '../contracts.ts';
import { type Bytes, createBodyReader } from './body.ts';
import type { ReceivedRequest } from './message.ts';
import { shownString } from './shown-string.ts';
import type { Verification } from './verify.ts';

/** A difference between a signature and the received request, as a refusal states it. */
export type RefusalDifference = {
  /** Stable, such as `path-slash`; docs/testing.md has a row for each. */
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
   * Returns the body; undefined if it is larger than this, or was not read, and is slower.
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
  /** The string that the signature must cover. Lines that depend on headers beside those of the scheme are masked. */
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
  const taken = async (): Promise<Bytes> => reader?.taken();
  const stringToSign = shownString({ scheme, message, body: await taken().catch(() => undefined) });
  const body: RefusedRequest['body'] = async ({ size, timeout }) => {
    const bytes = await taken();
    if (bytes) return bytes.length > size ? undefined : bytes;
    return readable ? readSoon(request, { size, timeout }) : undefined;
  };
  const refused = { message, scheme, accessKey, record, now, tolerance, body };
  // Of the provider: it may throw at once, or reject.
  const found = await (async () => explain?.(refused))().catch(() => undefined);
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
