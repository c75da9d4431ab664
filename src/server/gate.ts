import type { Principal } from './contracts.ts';
import { corsOf } from './cors.ts';
import type { CorsOptions } from './cors-options.ts';
import { type OptionNames, requireKnownOptions } from './known-options.ts';
import { responseOf } from './reply.ts';
import type { Verified } from './verify/result.ts';
import type { Verifier } from './verify/verifier.ts';
import type { VerifyContext } from './verify/verifier-options.ts';

// A symbol, because requireScope alone uses it.
export const checkScope: unique symbol = Symbol('checkScope');

/** What a handler learns of a verified request. */
export type Caller = {
  /** Who calls: access key, service, environment and scopes. */
  readonly principal: Principal;
  /** The bytes of the body that were verified; undefined where there is none, or it is not signed. */
  readonly body: Uint8Array | undefined;
  /** Refuses a scope so that the audit learns of it. Missing in a caller that a test has made by hand. */
  readonly [checkScope]?: Verified<unknown>['checkScope'];
};

/** What a verified request tells handlers. */
export const callerFrom = ({ principal, body, checkScope: check }: Verified<unknown>): Caller => ({
  principal,
  body,
  [checkScope]: check,
});

/** Answers a verified request. What it throws is thrown on. */
export type ProtectedHandler = (request: Request, caller: Caller) => Response | Promise<Response>;

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

/** What {@link protect} asks of a request beside a valid signature, and whether it signs the answers. */
export type ProtectOptions = GateOptions<Request>;

/**
 * A web handler (Request in, Response out) that only lets verified requests through to `handler`, and answers the others
 * itself with problem details (RFC 9457). For Workers, Deno.serve, Bun.serve, Next.js route handlers and the like.
 *
 * @throws SignatureError `invalid_configuration` for `cors` options that no browser would ever match.
 */
export function protect(
  verifier: Verifier,
  handler: ProtectedHandler,
  options: ProtectOptions = {},
): (request: Request) => Promise<Response> {
  requireKnownOptions(options, gateNames, 'protect()');
  const { countersign = 'never' } = options;
  const cors = options.cors && corsOf(options.cors, verifier.fields);
  return async (request) => {
    const preflight = cors?.preflight(request);
    if (preflight) return responseOf(preflight);
    const shared = (answer: Response) =>
      cors ? withHeaders(answer, cors.share(request.headers.get('origin'), answer.headers)) : answer;
    const result = await verifier.verify(request, contextOf(request, options));
    if (!result.ok) return shared(responseOf(result.reply));
    const answer = await handler(result.request, callerFrom(result));
    const response = shared(withHeaders(answer, result.headers));
    return countersign === 'always' ? result.countersign(response) : response;
  };
}

/** What a gate tells the verifier of a request, which came from `peer` where the gate is not told how to find that out. */
export function contextOf<Received>(
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

/** An answer with further headers, and without those that are undefined. */
function withHeaders(answer: Response, headers: Readonly<Record<string, string | undefined>>): Response {
  const changed = Object.entries(headers);
  if (!changed.length) return answer;
  // Some answers' headers cannot be set, such as those that come from a fetch.
  const response = new Response(answer.body, answer);
  for (const [name, value] of changed) {
    if (value === undefined) response.headers.delete(name);
    else response.headers.set(name, value);
  }
  return response;
}
