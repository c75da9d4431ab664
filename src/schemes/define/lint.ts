import type { Finding } from '../../core/scheme-finding.ts';
import type { DefinedAlgorithm, SchemeDefinition } from './definition.ts';
import { beginningFindings } from './lint/beginnings.ts';
import { boundaryFindings } from './lint/boundaries.ts';
import { type Aspect, listFields, listOtherUses, listUses, type Use } from './lint/coverage.ts';
import { coverageFindings, hashFindings, severities, type UncoveredAspect } from './lint/coverage-findings.ts';
import { type Flattened, flatten } from './lint/flatten.ts';
import { forbiddenHeaderFindings } from './lint/forbidden-headers.ts';
import { keyedHashFindings } from './lint/keyed-hash.ts';
import { applyLossyFilters } from './lint/lossy-filters.ts';
import { uncoveredParts } from './lint/uncovered-parts.ts';
import { parseDefinition } from './parse.ts';
import { type Plan, planDefinition } from './plan/plan.ts';

/**
 * Lists the weaknesses of a defined scheme, each with an example attack: one finding per code, the most severe one, sorted by severity
 * and then by code. A scheme with findings can be used, but a verifier must name those of high severity in `acceptFindings`.
 *
 * A search through all texts that the template can render proves whether a string to sign has a single reading. It assumes that values
 * have the forms that `defineScheme` enforces, and that timestamps are fresh.
 *
 * @throws SignatureError `invalid_configuration` for templates that cannot be parsed, and for unknown fields and filters.
 * @example
 * import { lintScheme } from 'countersign/schemes';
 *
 * const findings = lintScheme({
 *   name: 'partner',
 *   stringToSign: '{accessKey}\n{timestamp}\n{url}',
 *   headers: { 'X-Key': '{accessKey}', 'X-Time': '{timestamp}', 'X-Signature': '{signature}' },
 * });
 * console.log(findings.filter(({ severity }) => severity === 'high').map(({ code }) => code)); // → [ 'body-unsigned', 'method-unsigned' ]
 */
export const lintScheme = (definition: SchemeDefinition): readonly Finding[] =>
  lintPlan(planDefinition(parseDefinition(definition)));

/** Lists the weaknesses of a planned scheme. */
export function lintPlan(plan: Plan): readonly Finding[] {
  const flattened = flatten(plan);
  const signed = [flattened.stringToSign, ...flattened.keySteps];
  const all = [
    ...requestFindings(plan, flattened),
    ...freshnessFindings(flattened),
    ...boundaryFindings(plan, signed),
    ...nameFindings(plan, flattened),
    ...beginningFindings(plan, flattened.stringToSign),
    ...hashFindings(listOtherUses(signed)),
    ...macFindings(plan),
    ...keyedHashFindings(plan),
    ...forbiddenHeaderFindings(plan, flattened),
  ];
  const rank = ({ severity, code }: Finding) => `${severities.indexOf(severity)} ${code}`;
  const sorted = all.sort((a, b) => (rank(a) < rank(b) ? -1 : rank(a) > rank(b) ? 1 : 0));
  return sorted.filter(({ code }, i) => sorted.findIndex((other) => other.code === code) === i);
}

/** Finds the uses of an aspect in string to sign and key. */
function findUses({ stringToSign, keySteps, signedQuery }: Flattened, aspect: Aspect): readonly Use[] {
  const templates = [stringToSign, ...keySteps];
  const direct = listUses(aspect, templates);
  return listUses('query', templates).some(keepsParameters) ? [...direct, ...listUses(aspect, signedQuery)] : direct;
}

// With parameters of the scheme the query is never absent.
const keepsParameters = (use: Use): boolean =>
  applyLossyFilters(use, 'query').losses.every(({ kind }) => kind === 'order' || kind === 'default');

const coversWhole = (use: Use, aspect: Aspect): boolean =>
  !applyLossyFilters(use, aspect).losses.some(({ kind }) => kind === 'part');

function requestFindings({ headers }: Plan, flattened: Flattened): readonly Finding[] {
  const fields = listFields(flattened.carried);
  const body = findUses(flattened, 'body');
  // Without an access key it is a message to a recipient that knows the sender, as for webhooks.
  const isMessage = body.length > 0 && !fields.has('accessKey');
  // If the scheme sets the content type to a text, a verifier accepts no other.
  const isFixed = headers.some(
    ({ name, parts }) => name.toLowerCase() === 'content-type' && parts.every(({ kind }) => kind === 'text'),
  );
  const open = isFixed ? uncoveredParts.filter(({ aspect }) => aspect !== 'content type') : uncoveredParts;
  return open.flatMap((part) =>
    coverageFindings(
      { ...part, severity: isMessage ? part.forMessages : part.severity },
      findUses(flattened, part.aspect),
    ),
  );
}

function freshnessFindings(flattened: Flattened): readonly Finding[] {
  // A challenge is created for one request, so it is fresh, and it is accepted once.
  if (findUses(flattened, 'challenge').some((use) => coversWhole(use, 'challenge'))) return [];
  const timestamp: UncoveredAspect = {
    aspect: 'timestamp',
    code: 'no-timestamp',
    severity: 'high',
    name: 'timestamp',
    attack: 'A request is recorded. After the verifier has forgotten it, it is sent again with a current timestamp.',
  };
  const nonce: UncoveredAspect = {
    aspect: 'nonce',
    code: 'no-nonce',
    // Medium, because a verifier remembers the string to sign instead.
    severity: 'medium',
    name: 'nonce',
    attack: 'Two intended requests that are identical within one tick of the timestamp count as a replay.',
  };
  return [
    ...coverageFindings(timestamp, findUses(flattened, 'timestamp')),
    ...coverageFindings(nonce, findUses(flattened, 'nonce')),
  ];
}

/** Reports signed header values without their names. */
function nameFindings({ separator }: Plan, { stringToSign }: Flattened): readonly Finding[] {
  if (separator === undefined || !listFields([stringToSign]).has('value')) return [];
  if (listUses('header names', [stringToSign]).some((use) => coversWhole(use, 'header names'))) return [];
  const finding: Finding = {
    code: 'ambiguous-separator',
    severity: 'high',
    message: 'The values of additional headers are signed, but not their names.',
    attack: 'A signed "X-From: a" is forwarded as "X-To: a", with the list of signed headers changed accordingly.',
  };
  return [finding];
}

function macFindings({ algorithm }: Plan): readonly Finding[] {
  const severity = weakAlgorithms[algorithm];
  if (!severity) return [];
  if (algorithm === 'hmac-sha1') {
    return [
      {
        code: 'weak-hash',
        severity,
        message: 'HMAC-SHA-1 must be phased out by the end of 2030 (NIST).',
        attack: 'None is known: collisions do not break HMAC. Further weaknesses of SHA-1 may.',
      },
    ];
  }
  return [
    {
      code: 'weak-hash',
      severity,
      message: `The signature is a hash with collisions: ${algorithm}.`,
      attack: 'Someone makes two texts with the same hash, has the caller sign the harmless one, and sends the other.',
    },
  ];
}

const weakAlgorithms: Readonly<Partial<Record<DefinedAlgorithm, Finding['severity']>>> = {
  'hmac-sha1': 'medium',
  sha1: 'medium',
  md5: 'high',
};
