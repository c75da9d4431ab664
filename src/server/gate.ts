import type { OwnBytes } from '../core/body.ts';
import { fail, type SignatureError } from '../core/errors.ts';
import type { HeaderView } from '../core/message.ts';
import type { Principal } from './contracts.ts';
import { type OptionNames, requireKnownOptions } from './known-options.ts';
import { type Cors, createCors, type LateFields } from './response/cors.ts';
import type { CorsOptions } from './response/cors-options.ts';
import { errorResponse, type PlainResponse } from './response/refusal-response.ts';
import { requireScope } from './verify/checks.ts';
import type { ReceivedRequest } from './verify/message.ts';
import type { Verified } from './verify/result.ts';
import type { Verifier } from './verify/verifier.ts';
import type { VerifyContext } from './verify/verifier-options.ts';

// A symbol: internal to requireScope.
const checkScope: unique symbol = Symbol('checkScope');

/** The verified caller, as handlers receive it. */
export type Caller = {
  /** Who calls: access key, service, environment and scopes. */
  readonly principal: Principal;
  /** The verified bytes of the body; undefined if there is no body, or it is not signed. */
  readonly body: OwnBytes | undefined;
  /** True if the request was received before, and the option `duplicates` of the verifier is `'report'`. */
  readonly duplicate: boolean;
  /** Checks a scope and reports a refusal to the audit. Missing if a test built the caller by hand. */
  readonly [checkScope]?: Verified<unknown>['checkScope'];
};

/** Extracts the caller from a verification result. */
export const toCaller = ({ principal, body, duplicate, checkScope: check }: Verified<unknown>): Caller => ({
  principal,
  body,
  duplicate,
  [checkScope]: check,
});

/** What a gate requires of a request in addition to a valid signature, and whether it signs responses. */
export type GateOptions<Received> = {
  /** A scope that the key must have; otherwise the request is refused with 403. @default none */
  readonly scope?: string;
  /**
   * `false` refuses sessions with 403: for routes that change keys or issue secrets, which no holder of a session may do.
   * @default sessions are allowed
   */
  readonly sessions?: false;
  /**
   * Returns the client's IP address, for limits, key records and the audit. On Node it defaults to the remote address of the
   * connection. If it is unknown, keys with `addresses` are refused. @default unknown
   */
  readonly address?: (request: Received) => string | undefined;
  /** Returns the access key for schemes that carry none, such as webhooks at `/hooks/:tenant`. @default the scheme's name */
  readonly accessKey?: (request: Received) => string | undefined;
  /** `'always'` signs every response of the handler. Each response is then buffered in memory. @default 'never' */
  readonly countersign?: 'always' | 'never';
  /** Handles preflights from other origins, and lets them read all responses, including refusals. @default none */
  readonly cors?: CorsOptions;
};

export const gateNames: OptionNames<GateOptions<unknown>> = {
  scope: true,
  sessions: true,
  address: true,
  accessKey: true,
  countersign: true,
  cors: true,
};

/** A request at a gate. */
export type GateRequest<Received, Source> = {
  /** The request to verify. */
  readonly request: Received;
  /** The framework's own request object, for the functions in the options. */
  readonly source: Source;
  /** The remote address of the connection, if known. */
  readonly peer?: string | undefined;
};

/** The response to send: a refusal, or the response to a preflight. */
export type GateRefusal = {
  readonly ok: false;
  readonly response: PlainResponse;
  /** True for the response to a preflight, whose body need not be read. */
  readonly preflight: boolean;
  /** Returns the CORS fields to add to the response; undefined if there are none. */
  readonly share?: ((headers: HeaderView) => LateFields) | undefined;
};

/** A verified request, and what to do with its response. */
export type GatePass<Received> = {
  readonly ok: true;
  readonly caller: Caller;
  /** The request, with a readable body. */
  readonly request: Received;
  /** Path and query exactly as verified. */
  readonly target: string;
  /** Fields to add to the response. */
  readonly headers: Readonly<Record<string, string>>;
  /** Returns the CORS fields to add once all other fields are set; undefined if there are none. */
  readonly share?: ((headers: HeaderView) => LateFields) | undefined;
  /** Signs the finished response; undefined if responses are not signed. */
  readonly countersign?: Verified<unknown>['countersign'] | undefined;
};

/** Decides about one request. */
export type Gate<Source> = <Received extends Request | ReceivedRequest>(
  arrived: GateRequest<Received, Source>,
) => Promise<GateRefusal | GatePass<Received>>;

/**
 * Creates the gate that the adapters of all frameworks share. The gate decides; each adapter only translates.
 *
 * @param where the calling function, for error messages.
 * @throws SignatureError `invalid_configuration`
 */
export function createGate<Source>(verifier: Verifier, options: GateOptions<Source>, where: string): Gate<Source> {
  requireVerifier(verifier, where);
  requireKnownOptions(options, gateNames, where);
  checkRequirements(options, where);
  const cors = options.cors && createCors(options.cors, verifier.fields);
  return async ({ request, source, peer }) => {
    const { preflight, share } = readOrigin(cors, request);
    if (preflight) return { ok: false, response: preflight, preflight: true };
    const result = await verifier.verify(request, () => toVerifyContext(source, options, peer));
    if (!result.ok) return { ok: false, response: result.response, preflight: false, share };
    return {
      ok: true,
      caller: toCaller(result),
      request: result.request,
      target: result.resolved.target,
      headers: result.headers,
      share,
      countersign: options.countersign === 'always' ? result.countersign : undefined,
    };
  };
}

type Shared = Pick<GateRefusal, 'share'> & { readonly preflight?: PlainResponse | undefined };

/** Reads what CORS needs of a request. Of headers that cannot be read, nothing: the verifier refuses them, and charges the address. */
function readOrigin(cors: Cors | undefined, request: Request | ReceivedRequest): Shared {
  if (!cors) return {};
  try {
    const origin = request.headers.get('origin');
    return { preflight: cors.preflight(request), share: (headers) => cors.share(origin, headers) };
  } catch {
    return {};
  }
}

/**
 * Checks what a gate requires of callers.
 *
 * @throws SignatureError `invalid_configuration` for a `scope` that is there and is no text, such as that of a variable that is not set,
 * and for `sessions` that is not false: both would otherwise allow more.
 */
export function checkRequirements(
  options: { readonly scope?: unknown; readonly sessions?: unknown },
  where: string,
): void {
  const { sessions } = options;
  if ('scope' in options) checkScopeName(options.scope, `scope of ${where}`);
  if (sessions !== undefined && sessions !== false) {
    fail('invalid_configuration', `sessions of ${where} must be false: leave it out to allow sessions.`);
  }
}

/** Builds the verifier's context. The option `address` takes precedence over `peer`. */
export function toVerifyContext<Received>(
  request: Received,
  { scope, sessions, address, accessKey, countersign }: GateOptions<Received>,
  peer?: string,
): VerifyContext {
  const context: { -readonly [Name in keyof VerifyContext]: VerifyContext[Name] } = {};
  const from = address ? address(request) : peer;
  const by = accessKey?.(request);
  if (scope !== undefined) context.scope = scope;
  if (sessions === false) context.sessions = false;
  if (from !== undefined) context.address = from;
  if (by !== undefined) context.accessKey = by;
  if (countersign === 'always') context.countersign = true;
  return context;
}

/**
 * @throws SignatureError `invalid_configuration` for anything but a text that is not empty.
 */
function checkScopeName(scope: unknown, where: string): void {
  if (typeof scope === 'string' && scope) return;
  fail(
    'invalid_configuration',
    `${where} must be the name of a scope: it is ${scope === '' ? 'empty' : typeof scope}.`,
  );
}

/** Returns the refusal if the caller's key does not have a scope, otherwise undefined. */
export type ScopeCheck = (caller: Caller | undefined) => Promise<PlainResponse | undefined>;

/**
 * Creates the check of `requireScope`, the same for all adapters.
 *
 * @throws SignatureError `invalid_configuration` for a scope that is no text or empty. The check throws `invalid_configuration` (500) if
 * the request was not verified.
 */
export function createScopeCheck(scope: string): ScopeCheck {
  checkScopeName(scope, 'The argument of requireScope()');
  return async (caller) => {
    const { principal, [checkScope]: check } = requireCaller(caller);
    if (check) return (await check(scope))?.response;
    try {
      requireScope(principal, scope);
      return undefined;
    } catch (error) {
      // The caller is authenticated, so it may see the reason. A 403 does not say how to sign.
      return errorResponse(error as SignatureError, '');
    }
  };
}

/**
 * @throws SignatureError `invalid_configuration` (500) if there is no caller.
 */
export const requireCaller = (caller: Caller | undefined): Caller =>
  caller ?? fail('invalid_configuration', 'This request has not been verified: install the gate before this.', 500);

function requireVerifier(verifier: Verifier, where: string): void {
  if (typeof verifier?.verify !== 'function') {
    fail('invalid_configuration', `${where} takes first what createVerifier() returns.`);
  }
}

/**
 * @throws SignatureError `invalid_configuration` for a handler that is not a function.
 */
export function requireHandler(handler: unknown): void {
  if (typeof handler !== 'function') {
    fail('invalid_configuration', 'protect() takes a verifier, then a handler: the handler is not a function.');
  }
}
