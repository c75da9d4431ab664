import { checkAccessKey } from '../../core/credentials.ts';
import type { SignatureError, SignatureErrorCode } from '../../core/errors.ts';
import type { ExplainedRefusal } from '../verify/explained-refusal.ts';
import { type Budget, rateLimitHeaders, readWait } from '../verify/limits.ts';
import { joinedFields } from './join-fields.ts';

/** The response to a refused request, for any framework. */
export type PlainResponse = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

const secretive: readonly SignatureErrorCode[] = [
  'unknown_key',
  'revoked_key',
  'expired_key',
  'inactive_key',
  'signature_mismatch',
];

/** What callers see when a store fails. The precise message may name software and settings, so only the audit gets it. */
const faults: Partial<Record<SignatureErrorCode, string>> = {
  key_store_unavailable: 'The keys cannot be looked up now. Try again later.',
  session_store_unavailable: 'Sessions cannot be checked now. Try again later.',
  replay_store_full: 'Replays cannot be detected now. Try again later.',
  replay_store_unavailable: 'Replays cannot be detected now. Try again later.',
  limiter_unavailable: 'The rate limiter is unavailable. Try again later.',
};

const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  413: 'Content Too Large',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

type Fields = Readonly<Record<string, string>>;

/** The content of a refusal, and how much of it the caller may see. */
export type RefusalContext = {
  /** The name of the scheme. */
  readonly scheme: string;
  /** The access key as received, without the claims of a session; undefined if it could not be read. @default undefined */
  readonly accessKey?: string | undefined;
  /** What the caller may see in addition. @default nothing */
  readonly explained?: ExplainedRefusal | undefined;
  /** True if the caller may see the precise code. */
  readonly disclosed: boolean;
  /** For each scheme, headers that describe how to sign. */
  readonly howToSign: readonly Fields[];
  /** A new challenge to sign, if the server issues them. */
  readonly challenge: string | undefined;
  /** The last budget that the request was charged to, if any. */
  readonly budget?: Budget | undefined;
};

/**
 * Problem details (RFC 9457) for a refusal. An unauthenticated caller gets the same code for every fault of key and signature:
 * precise codes would reveal which keys exist.
 */
export function refusalResponse(
  error: SignatureError,
  { scheme, disclosed, accessKey, explained, howToSign, challenge, budget }: RefusalContext,
): PlainResponse {
  const hidden = !disclosed && secretive.includes(error.code);
  const code = hidden ? 'invalid_signature' : error.code;
  const reason = hidden ? describeInvalid(accessKey) : (faults[code] ?? error.message);
  const detail = [reason, explained?.differences?.[0]?.message, explained?.note].filter(Boolean).join(' ');
  const { status } = error;
  const retryAfter = retryAfterOf(error);
  const own = `Countersign scheme="${scheme}", error="${code}"${challenge ? `, challenge="${challenge}"` : ''}`;
  return {
    status,
    headers: {
      'Content-Type': 'application/problem+json',
      'Cache-Control': 'no-store',
      // A 401 must have a challenge (RFC 9110 section 15.5.2).
      ...(status === 401 && joinedFields([{ 'WWW-Authenticate': own }, ...howToSign])),
      ...(retryAfter !== undefined && { 'Retry-After': String(retryAfter) }),
      ...(budget && error.code === 'rate_limited' && rateLimitHeaders(budget, error.cause)),
    },
    body: toAscii({
      type: 'about:blank',
      title: titles[status] ?? 'Refused',
      status,
      detail,
      code,
      ...shown(explained),
    }),
  };
}

/** Depends on the access key alone, and not on whether there is such a key: anyone can calculate the checksum. */
function describeInvalid(accessKey = ''): string {
  if (/^csign_sk_/.test(accessKey)) {
    return 'The access key begins like a secret. If it is one, replace it: it was sent.';
  }
  return isDamaged(accessKey)
    ? 'The access key is cut off or mistyped: its checksum does not fit. Copy the whole of it.'
    : 'The access key or the signature is not valid.';
}

function isDamaged(accessKey: string): boolean {
  if (!accessKey.startsWith('csign_')) return false;
  try {
    checkAccessKey(accessKey);
    return false;
  } catch {
    return true;
  }
}

const shown = ({ stringToSign, differences }: ExplainedRefusal = {}) => ({ stringToSign, differences });

/** JSON in which no other character than printable ASCII is left, nor the beginning of a tag. */
const toAscii = (value: object): string =>
  JSON.stringify(value).replace(
    /[<\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/**
 * The response to an error outside the verifier, whose reason its caller may see. It does not say how to sign.
 *
 * @param scheme the scheme of the request's signature; empty if no 401 names it.
 */
export const errorResponse = (error: SignatureError, scheme: string): PlainResponse =>
  refusalResponse(error, { scheme, disclosed: true, howToSign: [], challenge: undefined });

/** Converts to a `Response`. A 204 must be constructed with null: even an empty body throws. */
export const toResponse = ({ status, headers, body }: PlainResponse): Response =>
  new Response(body || null, { status, headers });

function retryAfterOf({ status, cause }: SignatureError): number | undefined {
  if (status === 503) return 1;
  const wait = status === 429 ? readWait(cause) : undefined;
  return wait === undefined ? undefined : Math.max(1, Math.ceil(wait / 1000));
}
