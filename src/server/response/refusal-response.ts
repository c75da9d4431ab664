import type { SignatureError, SignatureErrorCode } from '../../core/errors.ts';
import { type Budget, rateLimitHeaders, readWait } from '../verify/limits.ts';

/** The answer to a refused request, for any framework. */
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

/** What callers are told where a store fails: the precise message, which may name its software and settings, is for the audit. */
const faults: Partial<Record<SignatureErrorCode, string>> = {
  key_store_unavailable: 'The keys cannot be looked up now. Try again later.',
  replay_store_full: 'It cannot be told now whether the request is a replay. Try again later.',
  replay_store_unavailable: 'It cannot be told now whether the request is a replay. Try again later.',
  limiter_unavailable: 'The limiter cannot tell whether there is budget left. Try again later.',
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

/** Whose reply it is, and to whom. */
export type RefusalContext = {
  /** The name of the scheme. */
  readonly scheme: string;
  /** Whether the caller may be told the precise code. */
  readonly disclosed: boolean;
  /** Headers that tell how to sign, of each scheme. */
  readonly howToSign: readonly Fields[];
  /** A new value to sign, where the server asks for one. */
  readonly challenge: string | undefined;
  /** The budget that the request drew on last, where there is one. */
  readonly budget?: Budget | undefined;
};

/**
 * Problem details (RFC 9457) for a refusal. To a caller who has not proved the key, everything that is wrong with key
 * and signature looks alike, or a stranger could learn which keys exist.
 */
export function refusalResponse(
  error: SignatureError,
  { scheme, disclosed, howToSign, challenge, budget }: RefusalContext,
): PlainResponse {
  const hidden = !disclosed && secretive.includes(error.code);
  const code = hidden ? 'invalid_signature' : error.code;
  const detail = hidden ? 'The access key or the signature is not valid.' : (faults[code] ?? error.message);
  const { status } = error;
  const retryAfter = retryAfterOf(error);
  // RFC 9110 section 15.5.2 asks for a challenge with every 401.
  const own = `Countersign scheme="${scheme}", error="${code}"${challenge ? `, challenge="${challenge}"` : ''}`;
  return {
    status,
    headers: {
      'Content-Type': 'application/problem+json',
      'Cache-Control': 'no-store',
      // RFC 9110 section 15.5.2 asks for a challenge with every 401.
      ...(status === 401 && joined([{ 'WWW-Authenticate': own }, ...howToSign])),
      ...(retryAfter !== undefined && { 'Retry-After': String(retryAfter) }),
      ...(budget && error.code === 'rate_limited' && rateLimitHeaders(budget, error.cause)),
    },
    body: JSON.stringify({ type: 'about:blank', title: titles[status] ?? 'Refused', status, detail, code }),
  };
}

/** Fields of several origins: those of one name, however it is spelt, are one list (RFC 9110 section 5.3). */
function joined(origins: readonly Fields[]): Fields {
  const fields = new Map<string, { readonly name: string; readonly values: readonly string[] }>();
  for (const [name, value] of origins.flatMap((origin) => Object.entries(origin))) {
    const before = fields.get(name.toLowerCase()) ?? { name, values: [] };
    fields.set(name.toLowerCase(), { name: before.name, values: [...before.values, value] });
  }
  return Object.fromEntries([...fields.values()].map(({ name, values }) => [name, values.join(', ')]));
}

/** For runtimes that answer with a `Response`; one with status 204 can be given no body, not even an empty one. */
export const toResponse = ({ status, headers, body }: PlainResponse): Response =>
  new Response(body || null, { status, headers });

function retryAfterOf({ status, cause }: SignatureError): number | undefined {
  if (status === 503) return 1;
  const wait = status === 429 ? readWait(cause) : undefined;
  return wait === undefined ? undefined : Math.max(1, Math.ceil(wait / 1000));
}
