import { type Caller, checkRequirements, toCaller, toVerifyContext } from './gate.ts';
import { type OptionNames, requireKnownOptions } from './known-options.ts';
import type { ProtectOptions } from './protect.ts';
import { isPreflight } from './response/cors.ts';
import type { Verifier } from './verify/verifier.ts';
import type { VerifyContext } from './verify/verifier-options.ts';

/** Handles every request. `caller` is undefined if the request would have been refused. Exceptions are passed on. */
export type ReportedHandler = (request: Request, caller: Caller | undefined) => Response | Promise<Response>;

/** What a valid request must have in addition to its signature. */
export type ReportOnlyOptions = Omit<ProtectOptions, 'countersign' | 'cors'>;

const names: OptionNames<ReportOnlyOptions> = { scope: true, sessions: true, address: true, accessKey: true };

/**
 * Like `protect`, but refuses nothing. Every request goes to `handler` unchanged, and the audit gets the outcome `reported` for
 * those that would have been refused. Use it to try a verifier before it replaces another, whose `protect` can be the handler.
 * CORS preflights are never signed, so they go to `handler` without verification. Use a separate replay store: with a shared one,
 * each verifier sees the other's nonces as replays.
 *
 * @throws SignatureError `invalid_configuration` for an unknown option.
 * @example
 * import { createVerifier, loggerSink, memoryKeys, memoryReplay, reportOnly } from 'countersign/server';
 *
 * const audit = loggerSink({ info: console.info, warn: console.warn });
 * const verifier = createVerifier({ keys: memoryKeys([]), replay: memoryReplay(), audit });
 * export const fetch = reportOnly(verifier, (request, caller) => Response.json({ signed: caller !== undefined }));
 */
export function reportOnly(
  verifier: Verifier,
  handler: ReportedHandler,
  options: ReportOnlyOptions = {},
): (request: Request) => Promise<Response> {
  requireKnownOptions(options, names, 'reportOnly()');
  checkRequirements(options, 'reportOnly()');
  return async (request) => {
    if (isPreflight(request)) return handler(request, undefined);
    // A body that is being read cannot be cloned; verifying it throws `body_consumed`.
    const copy = request.bodyUsed || request.body?.locked ? request : request.clone();
    const result = await verifier.verify(copy, { ...contextOf(request, options), reportOnly: true });
    discard(copy, request);
    const caller = result.ok ? toCaller(result) : undefined;
    return handler(request, caller);
  };
}

// A function of the options that throws must not affect the request.
function contextOf(request: Request, options: ReportOnlyOptions): VerifyContext {
  try {
    return toVerifyContext(request, options);
  } catch {
    return {};
  }
}

// An unread branch of a tee would buffer everything that the handler reads from the other branch.
function discard(copy: Request, request: Request): void {
  if (copy !== request && !copy.bodyUsed && !copy.body?.locked) copy.body?.cancel().catch(() => {});
}
