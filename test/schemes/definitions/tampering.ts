import type { FindingCode, Scheme } from 'countersign/schemes';
import type { Sent } from './attempt.ts';

type Change = {
  readonly of: string;
  /** What a scheme is said to leave open, if this goes unnoticed. */
  readonly open?: FindingCode;
  readonly change: (sent: Sent) => Sent;
};

/** What a scheme leaves open. */
export const codesOf = ({ findings = [] }: Scheme): readonly FindingCode[] => findings.map(({ code }) => code);

const bytes = (text: string) => new TextEncoder().encode(text);

/** Everything that a stranger on the way could change of a POST with a body and a query. */
const changes: readonly Change[] = [
  { of: 'method', open: 'method-unsigned', change: (sent) => ({ ...sent, method: 'PUT' }) },
  { of: 'host', open: 'host-unsigned', change: (sent) => ({ ...sent, authority: 'evil.example' }) },
  { of: 'path', open: 'path-unsigned', change: (sent) => ({ ...sent, target: `/x${sent.target}` }) },
  { of: 'query', open: 'query-unsigned', change: (sent) => ({ ...sent, target: sent.target.replace('?', '?x=1&') }) },
  {
    of: 'end of the query',
    open: 'query-unsigned',
    change: (sent) => ({ ...sent, target: `${sent.target}${sent.target.includes('?') ? '&' : '?'}x=1` }),
  },
  {
    of: 'body',
    open: 'body-unsigned',
    change: (sent) => ({ ...sent, body: bytes(`x${new TextDecoder().decode(sent.body)}`) }),
  },
  { of: 'end of the body', open: 'body-unsigned', change: (sent) => ({ ...sent, body: sent.body.slice(0, -1) }) },
  { of: 'presence of the body', open: 'body-unsigned', change: (sent) => ({ ...sent, body: new Uint8Array() }) },
];

export type Tampered = { readonly of: string; readonly sent: Sent };

/** A signed request with one thing changed that the scheme does not leave open. */
export const tamperings = (sent: Sent, open: readonly FindingCode[]): readonly Tampered[] =>
  changes
    .filter((change) => !change.open || !open.includes(change.open))
    .map(({ of, change }) => ({ of, sent: change(sent) }));

/** A signed request with one character changed of a header that was added in signing it. */
export const misspellings = (sent: Sent, unsigned: Readonly<Record<string, string>>): readonly Tampered[] =>
  Object.entries(sent.headers)
    .filter(([name]) => !(name in unsigned))
    .flatMap(([name, value]) => [
      ...Array.from(value, (character, i) => ({
        of: `character ${i + 1} of ${name}`,
        sent: with_(sent, name, `${value.slice(0, i)}${other(character)}${value.slice(i + 1)}`),
      })),
      { of: `end of ${name}`, sent: with_(sent, name, `${value}0`) },
      { of: `presence of ${name}`, sent: with_(sent, name, undefined) },
    ]);

// Of the same kind, so that the grammar lets it pass.
function other(character: string): string {
  if (/\d/.test(character)) return character === '9' ? '8' : String(Number(character) + 1);
  if (/[a-f]/.test(character)) return character === 'f' ? 'e' : String.fromCharCode(character.charCodeAt(0) + 1);
  if (/[a-z]/i.test(character)) return /z/i.test(character) ? 'y' : String.fromCharCode(character.charCodeAt(0) + 1);
  return character === '.' ? '_' : '.';
}

function with_(sent: Sent, name: string, value: string | undefined): Sent {
  const { [name]: _, ...rest } = sent.headers;
  return { ...sent, headers: value === undefined ? rest : { ...rest, [name]: value } };
}
