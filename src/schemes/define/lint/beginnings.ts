import type { Finding } from '../../../core/scheme-finding.ts';
import type { Plan } from '../plan/plan.ts';
import { isSecret } from '../plan/secret.ts';
import { formatValue } from './boundaries.ts';
import type { Piece } from './flatten.ts';
import { applyFilter, canBeEmpty, languageOfField } from './language.ts';

type Beginning = Extract<Piece, { kind: 'text' | 'value' }>;

const hashes = /^(?:sha(?:1|256|384|512)|md5)$/;

// Values that a caller signs on behalf of others: the content of a message, an address, a header, a challenge. `value` is that of an
// additional header.
const chosenByOthers = /^(?:body|query|path|target|url|authority|host|challenge|value|header\..*)$/;

/** Reports a string to sign that begins with a value chosen by others: they can make it the string to sign of another scheme. */
export function beginningFindings(plan: Plan, stringToSign: readonly Piece[]): readonly Finding[] {
  const chosen = listBeginnings(stringToSign, plan).values.find(
    (piece) => piece.kind === 'value' && chosenByOthers.test(piece.field) && !piece.filters.some(isHash),
  );
  if (chosen?.kind !== 'value') return [];
  const finding: Finding = {
    code: 'no-domain-separation',
    severity: 'medium',
    message: `The string to sign begins with ${formatValue(chosen.field, chosen.filters)}, which an attacker can choose.`,
    attack:
      'A message equals the string to sign of another scheme: with the same secret, its signature is valid there too.',
  };
  return [finding];
}

const isCommon = (piece: Piece): boolean =>
  piece.kind === 'value'
    ? /^(?:accessKey|timestamp|nonce)$/.test(piece.field)
    : piece.kind === 'text' && !/[a-z\d]/i.test(piece.text);

const isHash = ({ name }: { readonly name: string }): boolean => hashes.test(name);

type Beginnings = {
  readonly values: readonly Beginning[];
  /** Whether all of the pieces can be empty; then what follows them comes first. */
  readonly empty: boolean;
};

/**
 * Lists the possible first values, except those with which the strings of other schemes can begin too: the access key, the time,
 * the nonce, and separators.
 */
function listBeginnings([first, ...rest]: readonly Piece[], plan: Plan): Beginnings {
  if (!first) return { values: [], empty: true };
  const own = beginningsOf(first, plan);
  if (!own.empty) return own;
  const later = listBeginnings(rest, plan);
  return { values: [...own.values, ...later.values], empty: later.empty };
}

function beginningsOf(piece: Piece, plan: Plan): Beginnings {
  if (piece.kind === 'optional') return { ...listBeginnings(piece.pieces, plan), empty: true };
  if (isCommon(piece)) return { values: [], empty: true };
  if (piece.kind === 'text') return { values: [piece], empty: false };
  if (isSecret(piece)) return { values: [], empty: false };
  if (piece.filters.some(isHash)) return { values: [], empty: false };
  if (piece.kind === 'value') {
    // An assumed access key does not matter: keys are skipped.
    const language = languageOfField(piece.field, plan, { accessKey: undefined });
    return { values: [piece], empty: canBeEmpty(applyFilter(language, piece.filters, piece.field)) };
  }
  const inner = listBeginnings(piece.pieces, plan);
  return {
    ...inner,
    empty: inner.empty || piece.filters.some(({ name }) => /^(?:before|after|trim|default)$/.test(name)),
  };
}
