import type { Finding } from '../../../core/finding.ts';
import { spelt } from './boundaries.ts';
import type { Piece } from './flatten.ts';

type Beginning = Extract<Piece, { kind: 'text' | 'value' }>;

const hashes = /^(?:sha(?:1|256|384|512)|md5)$/;

// What a caller signs for somebody else: the text of a message, an address, a header, a challenge.
const chosenByOthers = /^(?:body|query|path|target|url|challenge|signedHeaderLines|header\..*)$/;

/** A string to sign that others can make the string to sign of another scheme, because they choose how it begins. */
export function beginningFindings(stringToSign: readonly Piece[]): readonly Finding[] {
  const chosen = beginningsOf(stringToSign).find(
    (piece) => piece.kind === 'value' && chosenByOthers.test(piece.field) && !piece.filters.some(isHash),
  );
  if (chosen?.kind !== 'value') return [];
  const finding: Finding = {
    code: 'no-domain-separation',
    severity: 'medium',
    message: `The string to sign begins with ${spelt(chosen.field, chosen.filters)}, which others choose.`,
    attack:
      'Someone has a message sent that is the string to sign of another scheme: its signature is that of a request, where the secret is the same.',
  };
  return [finding];
}

const isHash = ({ name }: { readonly name: string }): boolean => hashes.test(name);

/** What it can begin with, but for the access key, which says nothing that another scheme would not say. */
function beginningsOf(pieces: readonly Piece[]): readonly Beginning[] {
  const [first, ...rest] = pieces;
  if (!first) return [];
  if (first.kind === 'optional') return [...beginningsOf(first.pieces), ...beginningsOf(rest)];
  if (first.kind === 'made') return first.filters.some(isHash) ? [] : beginningsOf(first.pieces);
  if (first.kind === 'value' && first.field === 'accessKey') return beginningsOf(rest);
  // A query, a body or a header can be empty, and then the next begins it.
  const canBeEmpty = first.kind === 'value' && /^(?:query|body|header\..*)$/.test(first.field);
  return canBeEmpty && !first.filters.some(isHash) ? [first, ...beginningsOf(rest)] : [first];
}
