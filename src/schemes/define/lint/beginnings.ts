import type { Finding } from '../../../core/scheme-finding.ts';
import { formatValue } from './boundaries.ts';
import type { Piece } from './flatten.ts';

type Beginning = Extract<Piece, { kind: 'text' | 'value' }>;

const hashes = /^(?:sha(?:1|256|384|512)|md5)$/;

// Values that a caller signs on behalf of others: the content of a message, an address, a header, a challenge.
const chosenByOthers = /^(?:body|query|path|target|url|challenge|signedHeaderLines|header\..*)$/;

/** Reports a string to sign that begins with a value chosen by others: they can make it the string to sign of another scheme. */
export function beginningFindings(stringToSign: readonly Piece[]): readonly Finding[] {
  const chosen = listBeginnings(stringToSign).find(
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

/**
 * Lists the possible first values, except those with which the strings of other schemes can begin too: the access key, the time,
 * the nonce, and separators.
 */
function listBeginnings(pieces: readonly Piece[]): readonly Beginning[] {
  const [first, ...rest] = pieces;
  if (!first) return [];
  if (first.kind === 'optional') return [...listBeginnings(first.pieces), ...listBeginnings(rest)];
  if (first.kind === 'made') return first.filters.some(isHash) ? [] : listBeginnings(first.pieces);
  if (isCommon(first)) return listBeginnings(rest);
  // A query, body or header can be empty; then the next piece comes first.
  const canBeEmpty = first.kind === 'value' && /^(?:query|body|header\..*)$/.test(first.field);
  return canBeEmpty && !first.filters.some(isHash) ? [first, ...listBeginnings(rest)] : [first];
}
