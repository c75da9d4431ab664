import { fail, type SignatureError } from '../core/errors.ts';
import type { HeaderView } from '../core/message.ts';
import type { Principal } from './contracts.ts';
import { type OptionNames, requireKnownOptions } from './known-options.ts';
import { createCors, type LateFields } from './response/cors.ts';
import type { CorsOptions } from './response/cors-options.ts';
import { type PlainResponse, refusalResponse } from './response/refusal-response.ts';
import { requireScope } from './verify/checks.ts';
import type { ReceivedRequest } from './verify/message.ts';
import type { Verified } from './verify/result.ts';
import type { Verifier } from './verify/verifier.ts';
import type { VerifyContext } from './verify/verifier-options.ts';

// A symbol, because only requireScope uses it.
export const checkScope: unique symbol = Symbol('checkScope');

/** The caller of a verified request, as handlers get it. */
export type Caller = {
  /** Who calls: access key, service, environment and scopes. */
  readonly principal: Principal;
  /** The bytes of the body that were verified; undefined if there is none, or it is not signed. */
  readonly body: Uint8Array | undefined;
  /** Checks a scope and reports a refusal to the audit. Missing in a caller that a test has made by hand. */
  readonly [checkScope]?: Verified<unknown>['checkScope'];
};

/** The caller of a verified request. */
export const toCaller = ({ principal, body, checkScope: check }: Verified<unknown>): Caller => ({
  principal,
  body,
  [checkScope]: check,
});

/** What a gate asks of a request beside a valid signature, and whether it signs the answers. */
export type GateOptions<Received> = {
  /** A scope that the key must have, or the request is refused with 403. @default none */
  readonly scope?: string;
  /**
   * The IP address that a request comes from, for limits, key records and audit. On Node it is by default the other end of the
   * connection. Where it is unknown, keys with `addresses` are refused. @default unknown
   */
  readonly address?: (request: Received) => string | undefined;
  /** Whose signature it must be, for schemes that carry no access key, as webhooks at `/hooks/:tenant`. @default the scheme's name */
  readonly accessKey?: (request: Received) => string | undefined;
  /** `'always'` signs every response of the handler, which is then held in memory whole. @default 'never' */
  readonly countersign?: 'always' | 'never';
  /** Lets pages of other origins call: handles their preflights, and lets them read all responses, also refusals. @default none */
  readonly cors?: CorsOptions;
};

export const gateNames: OptionNames<GateOptions<unknown>> = {
  scope: true,
  address: true,
  accessKey: true,
  countersign: true,
  cors: true,
};

/** A request that arrives at a gate. */
export type GateRequest<Received, Source> = {
  /** What is verified. */
  readonly request: Received;
  /** The request as the framework has it, for the functions among the options. */
  readonly source: Source;
  /** The address of the other end of the connection, if known. */
  readonly peer?: string | undefined;
};

/** The response to send: a refusal, or the response to a preflight. */
export type GateRefusal = {
  readonly ok: false;
  readonly response: PlainResponse;
  /** Whether it responds to a preflight, of which no body is waited for. */
  readonly preflight: boolean;
  /** The CORS fields that a response needs beside its own; undefined if it needs none. */
  readonly share?: ((headers: HeaderView) => LateFields) | undefined;
};

/** A request to handle, and what to do with its response. */
export type GatePass<Received> = {
  readonly ok: true;
  readonly caller: Caller;
  /** The request, with a body that can be read. */
  readonly request: Received;
  /** Path and query in the spelling that was verified. */
  readonly target: string;
  /** To be added to the response. */
  readonly headers: Readonly<Record<string, string>>;
  /** The CORS fields that the response needs beside its own, after all others are set; undefined if it needs none. */
  readonly share?: ((headers: HeaderView) => LateFields) | undefined;
  /** Signs the response, after all else is done; undefined if it is not to be signed. */
  readonly countersign?: Verified<unknown>['countersign'] | undefined;
};

/** Decides about one request. */
export type Gate<Source> = <Received extends Request | ReceivedRequest>(
  arrived: GateRequest<Received, Source>,
) => Promise<GateRefusal | GatePass<Received>>;

/**
 * Makes the gate that the adapters of all frameworks share. It decides; an adapter translates the decision.
 *
 * @param where the function that takes the options, for error messages.
 * @throws SignatureError `invalid_configuration`
 */
export function createGate<Source>(verifier: Verifier, options: GateOptions<Source>, where: string): Gate<Source> {
  requireKnownOptions(options, gateNames, where);
  const cors = options.cors && createCors(options.cors, verifier.fields);
  return async ({ request, source, peer }) => {
    const preflight = cors?.preflight(request);
    if (preflight) return { ok: false, response: preflight, preflight: true };
    const origin = cors ? request.headers.get('origin') : null;
    const share = cors && ((headers: HeaderView) => cors.share(origin, headers));
    const result = await verifier.verify(request, toVerifyContext(source, options, peer));
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

/** The context for the verifier. `peer` is the client's address, unless the option `address` finds it. */
export function toVerifyContext<Received>(
  request: Received,
  { scope, address, accessKey, countersign }: GateOptions<Received>,
  peer?: string,
): VerifyContext {
  const context: { -readonly [Name in keyof VerifyContext]: VerifyContext[Name] } = {};
  const from = address ? address(request) : peer;
  const by = accessKey?.(request);
  if (scope !== undefined) context.scope = scope;
  if (from !== undefined) context.address = from;
  if (by !== undefined) context.accessKey = by;
  if (countersign === 'always') context.countersign = true;
  return context;
}

/**
 * The response to a verified caller whose key does not have the scope of a route; undefined if it has.
 *
 * @throws SignatureError `invalid_configuration` (500) if nothing has verified the request.
 */
export async function refuseWithoutScope(
  caller: Caller | undefined,
  scope: string,
): Promise<PlainResponse | undefined> {
  const { principal, [checkScope]: check } = requireCaller(caller);
  if (check) return (await check(scope))?.response;
  try {
    requireScope(principal, scope);
    return undefined;
  } catch (error) {
    // The caller is authenticated, so it may know the reason. A 403 does not say how to sign.
    return refusalResponse(error as SignatureError, {
      scheme: '',
      disclosed: true,
      howToSign: [],
      challenge: undefined,
    });
  }
}

/**
 * @throws SignatureError `invalid_configuration` (500) if there is no caller.
 */
export const requireCaller = (caller: Caller | undefined): Caller =>
  caller ?? fail('invalid_configuration', 'Nothing has verified this request: install the gate before this.', 500);
