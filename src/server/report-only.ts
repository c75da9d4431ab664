import { type Caller, toCaller, toVerifyContext } from './gate.ts';
import { type OptionNames, requireKnownOptions } from './known-options.ts';
import type { ProtectOptions } from './protect.ts';
import { isPreflight } from './response/cors.ts';
import type { Verifier } from './verify/verifier.ts';

/** Answers every request: `caller` is undefined where it would have been refused. What it throws is thrown on. */
export type ReportedHandler = (request: Request, caller: Caller | undefined) => Response | Promise<Response>;

/** What is asked of a request beside a valid signature. */
export type ReportOnlyOptions = Omit<ProtectOptions, 'countersign' | 'cors'>;

const names: OptionNames<ReportOnlyOptions> = { scope: true, address: true, accessKey: true };

/**
 * As `protect`, but refuses nothing: every request goes to `handler` as it came, and the verifier's audit is told with the
 * outcome `reported` what would have been refused. For a verifier that is to be put in place of another, whose `protect`
 * can be the handler. Preflights of browsers, which nobody signs, go to `handler` unjudged. Give it a replay store of its own, or
 * each of the two takes for a replay what the other has seen.
 *
 * @throws SignatureError `invalid_configuration` for an option that does not exist.
 */
export function reportOnly(
  verifier: Verifier,
  handler: ReportedHandler,
  options: ReportOnlyOptions = {},
): (request: Request) => Promise<Response> {
  requireKnownOptions(options, names, 'reportOnly()');
  return async (request) => {
    if (isPreflight(request)) return handler(request, undefined);
    // What somebody reads already cannot be cloned; the verifier says so.
    const copy = request.bodyUsed || request.body?.locked ? request : request.clone();
    const result = await verifier.verify(copy, { ...toVerifyContext(request, options), reportOnly: true });
    discard(copy, request);
    const caller = result.ok ? toCaller(result) : undefined;
    return handler(request, caller);
  };
}

// A branch that nobody reads would hold in memory all that the handler reads of the other.
function discard(copy: Request, request: Request): void {
  if (copy !== request && !copy.bodyUsed && !copy.body?.locked) copy.body?.cancel().catch(() => {});
}
