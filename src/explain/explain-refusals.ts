import { fail } from '../core/errors.ts';
import type { KeyStore } from '../server/contracts.ts';
import { type OptionNames, requireKnownOptions } from '../server/known-options.ts';
import type {
  RefusalDifference,
  RefusalExplainer,
  RefusalExplanation,
  RefusedRequest,
} from '../server/verify/explained-refusal.ts';
import { type CauseRules, findCause } from './causes.ts';
import type { DifferenceCode } from './difference.ts';
import { createServerEffort } from './effort.ts';
import { type ReadRequest, readRequest } from './read-request.ts';
import { dependsOnBody } from './variation.ts';

/** Options of `explainRefusals`. */
export type ExplainRefusalsOptions = {
  /** How many refusals are explained, per key and minute. @default 20 */
  readonly perMinute?: number;
  /** How long one explanation takes at most, in milliseconds: a half for a body that was not read yet, and the search. @default 500 */
  readonly timeout?: number;
  /** The maximum size of a body that is searched, and read if it was not read yet, in bytes. @default 65536 (64 KiB) */
  readonly maxBodyBytes?: number;
  /** Origins that callers may use, for example `https://api.example.com`, beside that of the request. @default [] */
  readonly origins?: readonly string[];
  /** Prefixes that a proxy may have removed from the path, for example `/v1`, beside the usual ones. @default [] */
  readonly paths?: readonly string[];
};

const names: OptionNames<ExplainRefusalsOptions> = {
  perMinute: true,
  timeout: true,
  maxBodyBytes: true,
  origins: true,
  paths: true,
};

/**
 * Explains refusals to callers, for the option `explain` of `createVerifier`: the problem details of a `signature_mismatch` or
 * `body_digest_mismatch` of a key whose record has `explain` then name what differs. One refusal is explained at a time.
 *
 * @throws SignatureError `invalid_configuration` for an unknown option, or a number that is not positive.
 * @example
 * import { createSigner, generateCredentials } from 'countersign';
 * import { explainRefusals } from 'countersign/explain';
 * import { createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
 *
 * const { accessKey, secret } = generateCredentials({ environment: 'test' });
 * const keys = memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }], explain: true }]);
 * const verifier = createVerifier({ keys, replay: memoryReplay(), explain: explainRefusals() });
 *
 * const { headers } = await createSigner({ accessKey, secret }).sign('https://api.example.com/v1/orders');
 * const result = await verifier.verify(new Request('https://api.example.com/v1/orders/', { headers }));
 * const { differences } = JSON.parse(result.ok ? '{}' : result.response.body);
 * console.log(differences[0].message); // → The caller signed the path /v1/orders; /v1/orders/ was received.
 */
export function explainRefusals(options: ExplainRefusalsOptions = {}): RefusalExplainer {
  requireKnownOptions(options, names, 'explainRefusals()');
  const { perMinute = 20, timeout = 500, maxBodyBytes = 65_536, origins = [], paths = [] } = options;
  if (!(perMinute > 0 && timeout > 0 && maxBodyBytes >= 0)) {
    fail('invalid_configuration', 'perMinute, timeout and maxBodyBytes of explainRefusals() must be positive numbers.');
  }
  const budget = createBudget(perMinute);
  let busy = false;
  return async (refused) => {
    if (!budget.take(refused.record.accessKey))
      return unsearched(`at most ${perMinute} refusals a minute are explained`);
    if (busy) return unsearched('another refusal is being explained');
    busy = true;
    try {
      const body = await refused.body({ size: maxBodyBytes, timeout: timeout / 2 });
      return await search(refused, { body, timeout: timeout / 2, maxBodyBytes, origins, paths });
    } finally {
      busy = false;
    }
  };
}

const unsearched = (why: string): RefusalExplanation => ({
  differences: [],
  note: `What differs was not searched: ${why}. Try again later.`,
});

const minute = 60_000;

/** Counts explanations by key. There are no more entries than keys were explained within a minute. */
function createBudget(perMinute: number): { take(accessKey: string): boolean } {
  let began = 0;
  const taken = new Map<string, number>();
  return {
    take(accessKey) {
      const now = Date.now();
      if (!(now - began < minute)) {
        began = now;
        taken.clear();
      }
      const count = taken.get(accessKey) ?? 0;
      if (count >= perMinute) return false;
      taken.set(accessKey, count + 1);
      return true;
    },
  };
}

type SearchSettings = Required<Pick<ExplainRefusalsOptions, 'timeout' | 'maxBodyBytes' | 'origins' | 'paths'>> & {
  readonly body: Uint8Array | undefined;
};

async function search(
  { message, scheme, accessKey, record, now, tolerance }: RefusedRequest,
  { body, timeout, maxBodyBytes, origins, paths }: SearchSettings,
): Promise<RefusalExplanation> {
  const effort = createServerEffort({ timeout });
  // Of the store only the record that is known already: a search must not look up keys that a caller names.
  const keys: KeyStore = { find: (name) => (name === record.accessKey ? record : undefined) };
  const read = await readRequest({ message, body: body ?? new Uint8Array() }, { scheme, keys, accessKey, effort });
  if (!('reading' in read)) return { differences: [] };
  const left = `the body has more than ${maxBodyBytes} bytes, or did not arrive in time`;
  // Without the body there is no string to sign to search.
  if (!body && dependsOnBody(read.reading)) return { differences: [], note: `What differs was not searched: ${left}.` };
  const rules = { ...{ keys, scheme, origins, paths, tolerance, now, effort }, guarded: true, withoutBody: !body };
  const explanation = await explainedBy(read, rules);
  if (body || explanation.differences.length) return explanation;
  return { ...explanation, note: `${explanation.note} The body was not searched: ${left}.` };
}

/** What no response says: it is about other keys than that of the caller. */
const unsaid: readonly DifferenceCode[] = ['secret-of-another-key', 'access-key'];

async function explainedBy(read: ReadRequest, rules: CauseRules): Promise<RefusalExplanation> {
  const { differences } = await findCause(read, rules);
  const said = differences.filter(({ code }) => !unsaid.includes(code)).slice(0, 8);
  if (said.length) return { differences: said.map(limited) };
  const found = rules.effort.leftOut.size
    ? 'The search for what differs was cut short'
    : 'No usual difference was found';
  return { differences: [], note: `${found}: compare stringToSign with the text that you sign.` };
}

/** In characters. A target may be long. */
const longest = 600;

const limited = ({ code, message, remedy, proven }: RefusalDifference): RefusalDifference => ({
  code,
  message: shortened(message),
  remedy: shortened(remedy),
  proven,
});

/** Shortens a text, and replaces what a terminal would obey or not show: control, bidirectional and zero-width characters. */
const shortened = (text: string): string => {
  const shown = text.slice(0, longest).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/gu, '?');
  return text.length > longest ? `${shown}... (${text.length} characters)` : shown;
};
