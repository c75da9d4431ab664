import { bodyChecks } from './bodies.ts';
import { type Check, type Context, type Outcome, outcomesOf } from './check.ts';
import { fuzzChecks, stringsToSign } from './fuzz.ts';
import { headerChecks } from './headers.ts';
import { kyChecks } from './ky.ts';
import { linkChecks } from './links.ts';
import { methods } from './methods.ts';
import { redirectChecks } from './redirects.ts';
import { relayChecks } from './relay.ts';
import { responseChecks } from './responses.ts';
import { schemeChecks } from './schemes.ts';
import { secretChecks } from './secrets.ts';
import { targetChecks } from './targets.ts';
import { vectorChecks } from './vectors.ts';

export const checks: readonly Check[] = [
  ...vectorChecks,
  ...schemeChecks,
  ...linkChecks,
  ...methods,
  ...targetChecks,
  ...headerChecks,
  ...bodyChecks,
  ...redirectChecks,
  ...responseChecks,
  ...relayChecks,
  ...secretChecks,
  ...kyChecks,
  ...fuzzChecks,
];

export type Report = { readonly outcomes: readonly Outcome[]; readonly strings: readonly string[] };

/** Runs everything in this runtime. */
export async function runSuite(context: Context): Promise<Report> {
  const outcomes = await outcomesOf(checks, context);
  return { outcomes, strings: await stringsToSign(context) };
}
