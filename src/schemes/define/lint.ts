import type { Finding } from '../../core/finding.ts';
import type { SchemeDefinition } from './definition.ts';
import { beginningFindings } from './lint/beginnings.ts';
import { boundaryFindings } from './lint/boundaries.ts';
import { type Aspect, listFields, listUses, type Use } from './lint/coverage.ts';
import { coverageFindings, severities, type UncoveredAspect } from './lint/coverage-findings.ts';
import { type Flattened, flatten } from './lint/flatten.ts';
import { forbiddenHeaderFindings } from './lint/forbidden-headers.ts';
import { applyLossyFilters } from './lint/lossy-filters.ts';
import { uncoveredParts } from './lint/uncovered-parts.ts';

/**
 * Lists what a partner's scheme leaves open, with an example attack for each: one finding a code, the most severe; by severity, then
 * by code. A scheme with findings can be used, but a verifier must name those of high severity in `acceptFindings`.
 *
 * That a string to sign has one reading only is proved by a search through all texts that the template can render to, as long as
 * values are what `defineScheme` takes them for and times are fresh.
 *
 * @throws SignatureError `invalid_configuration` for templates that cannot be parsed.
 */
export function lintScheme(definition: SchemeDefinition): readonly Finding[] {
  const flattened = flatten(definition);
  const signed = [flattened.stringToSign, ...flattened.keySteps];
  const all = [
    ...requestFindings(definition, flattened),
    ...freshnessFindings(flattened),
    ...boundaryFindings(definition, signed),
    ...nameFindings(definition, flattened),
    ...beginningFindings(flattened.stringToSign),
    ...macFindings(definition),
    ...forbiddenHeaderFindings(definition, flattened),
  ];
  const rank = ({ severity, code }: Finding) => `${severities.indexOf(severity)} ${code}`;
  const sorted = all.sort((a, b) => (rank(a) < rank(b) ? -1 : rank(a) > rank(b) ? 1 : 0));
  return sorted.filter(({ code }, i) => sorted.findIndex((other) => other.code === code) === i);
}

/** The uses of an aspect in string to sign and key. */
function uses({ stringToSign, keySteps, signedQuery }: Flattened, aspect: Aspect): readonly Use[] {
  const templates = [stringToSign, ...keySteps];
  const direct = listUses(aspect, templates);
  return listUses('query', templates).some(keepsParameters) ? [...direct, ...listUses(aspect, signedQuery)] : direct;
}

const keepsParameters = (use: Use): boolean =>
  applyLossyFilters(use, 'query').losses.every(({ kind }) => kind === 'order');

const isWhole = (use: Use, aspect: Aspect): boolean =>
  !applyLossyFilters(use, aspect).losses.some(({ kind }) => kind === 'part');

function requestFindings({ headers = {} }: SchemeDefinition, flattened: Flattened): readonly Finding[] {
  const fields = listFields(flattened.carried);
  const body = uses(flattened, 'body');
  // No access key: a message to one that knows whose it must be, as webhooks are.
  const isMessage = body.length > 0 && !fields.has('accessKey');
  // A verifier takes no other than the scheme's own.
  const isFixed = Object.keys(headers).some((name) => name.toLowerCase() === 'content-type');
  const open = isFixed ? uncoveredParts.filter(({ aspect }) => aspect !== 'content type') : uncoveredParts;
  return open.flatMap((opening) =>
    coverageFindings(
      { ...opening, severity: isMessage ? opening.forMessages : opening.severity },
      uses(flattened, opening.aspect),
    ),
  );
}

function freshnessFindings(flattened: Flattened): readonly Finding[] {
  // What the server made for this one request is fresh, and accepted once.
  if (uses(flattened, 'challenge').some((use) => isWhole(use, 'challenge'))) return [];
  const timestamp: UncoveredAspect = {
    aspect: 'timestamp',
    code: 'no-timestamp',
    severity: 'high',
    name: 'timestamp',
    attack: 'A request is recorded, and sent again when no verifier remembers it any more, with the time of that day.',
  };
  const nonce: UncoveredAspect = {
    aspect: 'nonce',
    code: 'no-nonce',
    // A verifier remembers what was signed instead.
    severity: 'medium',
    name: 'nonce',
    attack: 'Two requests that a caller means, alike and within one tick of its clock, are taken for a replay.',
  };
  return [
    ...coverageFindings(timestamp, uses(flattened, 'timestamp')),
    ...coverageFindings(nonce, uses(flattened, 'nonce')),
  ];
}

/** Values of signed headers without their names. */
function nameFindings({ signedHeaders }: SchemeDefinition, { stringToSign }: Flattened): readonly Finding[] {
  const fields = listFields([stringToSign]);
  if (!signedHeaders || !fields.has('value') || fields.has('name') || fields.has('signedHeaders')) return [];
  const finding: Finding = {
    code: 'ambiguous-separator',
    severity: 'high',
    message: 'The values of further headers are signed, and not their names.',
    attack: 'A signed "X-From: a" is sent on as "X-To: a", where the list of signed headers says so too.',
  };
  return [finding];
}

function macFindings({ algorithm }: SchemeDefinition): readonly Finding[] {
  if (algorithm !== 'hmac-sha1') return [];
  const finding: Finding = {
    code: 'weak-hash',
    severity: 'medium',
    message: 'HMAC-SHA-1 is to be gone from protocols by 2030 (NIST).',
    attack: 'None is known: HMAC does not fall with collisions. What breaks SHA-1 further may break it.',
  };
  return [finding];
}
