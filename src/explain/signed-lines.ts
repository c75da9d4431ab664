import { sha256OfBodySync } from '../core/digest.ts';
import { base64, base64url, decodeUtf8, hex, utf8 } from '../core/encoding.ts';
import type { Scheme } from '../core/scheme.ts';
import type { DifferenceCode } from './difference.ts';
import { lazy } from './effort.ts';
import { formatSpaced } from './json-forms.ts';
import { decodeOrKeep } from './path.ts';
import { writtenVariation } from './spelling.ts';
import type { Guess, Reading, Variation } from './variation.ts';

/** The string to sign of a request. */
export type SignedLines = { readonly reading: Reading; readonly scheme: Scheme };

/** A line that callers write otherwise: the forms, each with what it is. */
type Rewritten = {
  readonly code: DifferenceCode;
  readonly forms: ReadonlyArray<readonly [label: string, text: string]>;
  readonly remedy: string;
};

/** The longest body that may stand in a line, in bytes. */
const maxBody = 65_536;

/** Yields variations of the lines whose content is known: first line, time, target, digest and further headers. */
export function* signedLineVariations(base: Guess, { reading, scheme }: SignedLines): Generator<Variation> {
  const lines = reading.text?.split('\n') ?? [];
  if (lines.length < 2 || lines.length > 128) return;
  // One text for all lines: a caller may repeat the digest in headers that it signs.
  const body = lazy(() => (base.body.length && base.body.length <= maxBody ? decodeUtf8(base.body) : undefined));
  const rewrite = (place: number, rewritten: Rewritten | undefined): readonly Variation[] =>
    rewritten?.forms
      .filter(([, text]) => text !== lines[place])
      .map(([label, text]) =>
        writtenVariation({
          ...{ code: rewritten.code, remedy: rewritten.remedy },
          label: `The caller signed ${label}.`,
          write: (whole) => replaceLine(whole, { place, text }),
        }),
      ) ?? [];
  yield* rewrite(0, otherNames(scheme.name));
  for (const [place, line] of lines.entries()) {
    yield* rewrite(place, otherTimes(line, reading));
    if (line === base.message.target) yield* rewrite(place, otherTargets(line));
    yield* rewrite(place, otherDigests(line, { reading, body }));
  }
  yield* headerLineVariations(lines, reading);
}

const replaceLine = (whole: string, { place, text }: { readonly place: number; readonly text: string }): string =>
  whole
    .split('\n')
    .map((line, other) => (other === place ? text : line))
    .join('\n');

const formRemedy = "In the caller's code, write each line of the string to sign exactly as the scheme demands.";

function otherNames(name: string): Rewritten {
  const names = [name, `${name}-response`, `${name}-request`, name.toUpperCase(), name.replace(/-v\d+$/, '')];
  const known = ['v1', '1', 'HMAC-SHA256', 'hmac-sha256', 'HMAC-SHA-256', 'sha256', 'AWS4-HMAC-SHA256'];
  const forms = [...new Set([...names, ...known])].map((text) => [`${text} as the first line`, text] as const);
  return { code: 'string-line', forms, remedy: formRemedy };
}

/** A caller that takes the time twice, for the header and for the string, may get two. */
function otherTimes(line: string, { presented: { time } }: Reading): Rewritten | undefined {
  if (time === undefined || !/^\d{9,13}$/.test(line)) return undefined;
  const unit = line === `${time}` ? 1000 : line === `${Math.floor(time / 1000)}` ? 1 : undefined;
  if (!unit) return undefined;
  const forms = [1, -1, 2, -2].map((seconds) => {
    const other = `${Number(line) + seconds * unit}`;
    return [`the time ${other}, and sent ${line}: it takes the time twice`, other] as const;
  });
  const remedy = "In the caller's code, take the time once, and use it for the string to sign and the header.";
  return { code: 'timestamp-twice', forms, remedy };
}

function otherTargets(target: string): Rewritten {
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  const query = mark < 0 ? '' : target.slice(mark + 1);
  const pairs = query === '' ? [] : query.split('&').map(toPair);
  const sorted = [...pairs].sort(([a], [b]) => (a < b ? -1 : 1));
  const json = 'the parameters as JSON, in a line of their own';
  const apart = 'path and query in two lines';
  const forms = [
    [apart, `${path}\n${query}`],
    [apart, `${path}\n?${query}`],
    [`${apart}, with sorted parameters`, `${path}\n${query.split('&').sort().join('&')}`],
    [`${apart}, with decoded parameters`, `${path}\n${pairs.map((pair) => pair.join('=')).join('&')}`],
    ['path and query without the question mark', path + query],
    [json, `${path}\n${JSON.stringify(Object.fromEntries(pairs))}`],
    [json, `${path}\n${formatSpaced(Object.fromEntries(pairs))}`],
    [`${json}, sorted`, `${path}\n${JSON.stringify(Object.fromEntries(sorted))}`],
    [`${json}, sorted`, `${path}\n${formatSpaced(Object.fromEntries(sorted))}`],
  ] as const;
  const remedy = "In the caller's code, sign path and query in one line, as on the wire.";
  return { code: 'string-line', forms, remedy };
}

function toPair(parameter: string): readonly [string, string] {
  const [name = '', ...value] = parameter.split('=').map((text) => decodeOrKeep(text.replace(/\+/g, ' ')));
  return [name, value.join('=')];
}

type Digested = {
  readonly reading: Reading;
  /** Returns the body as text; undefined if it is empty or too long. */
  body(): string | undefined;
};

/** Forms of a line that has the digest of the body, and of an empty line that would have that of an empty body. */
function otherDigests(line: string, { reading: { presented }, body }: Digested): Rewritten | undefined {
  const signed = presented.body;
  const sha256 =
    signed.kind === 'digest' && signed.sha256.length === 32
      ? signed.sha256
      : signed.kind === 'none' && line === ''
        ? sha256OfBodySync(new Uint8Array())
        : undefined;
  if (!sha256 || !(line === '' ? signed.kind === 'none' : line.includes(base64(sha256)))) return undefined;
  const text = base64(sha256);
  const of = signed.kind === 'none' ? 'of an empty body ' : '';
  const forms: Array<readonly [string, string]> = [
    [`the digest ${of}as Content-Digest has it`, `sha-256=:${text}:`],
    [`the digest ${of}in base64 alone`, text],
    [`the digest ${of}in hex`, hex(sha256)],
    [`the digest ${of}in upper-case hex`, hex(sha256).toUpperCase()],
    [`the digest ${of}in base64url`, base64url(sha256)],
    [`the digest ${of}as base64 of hex`, base64(utf8(hex(sha256)))],
    [`the digest ${of}with the name of the algorithm and without colons`, `sha-256=${text}`],
    [`the digest ${of}as the old header Digest has it`, `SHA-256=${text}`],
    [`the digest ${of}as sha256= and hex`, `sha256=${hex(sha256)}`],
  ];
  const whole = body();
  if (whole !== undefined) forms.push(['the body itself instead of its digest', whole]);
  const remedy = "In the caller's code, put the digest into the string to sign in the same form as into the header.";
  return { code: 'string-line', forms, remedy };
}

/** Forms of the lines of further headers, all changed in the same way. */
function headerLineVariations(lines: readonly string[], { presented }: Reading): readonly Variation[] {
  const names = presented.signedHeaders ?? [];
  const isHeader = (line: string): boolean => names.some((name) => line.startsWith(`${name}:`));
  if (!lines.some(isHeader)) return [];
  const capital = (name: string) => name.replace(/(?<![^-])[a-z]/g, (letter) => letter.toUpperCase());
  const forms: ReadonlyArray<readonly [string, (name: string, value: string) => string]> = [
    ['a space after the colon of each signed header', (name, value) => `${name}: ${value}`],
    ['the names of headers in capitals', (name, value) => `${capital(name)}:${value}`],
    ['the names of headers in capitals, and a space after each', (name, value) => `${capital(name)}: ${value}`],
    ['the headers as name=value', (name, value) => `${name}=${value}`],
    ['the values of headers without their names', (_, value) => value],
  ];
  return forms.map(([label, form]) =>
    writtenVariation({
      ...{ code: 'string-line', remedy: formRemedy, label: `The caller signed ${label}.` },
      write: (whole) =>
        whole
          .split('\n')
          .map((line) => {
            const colon = line.indexOf(':');
            return isHeader(line) ? form(line.slice(0, colon), line.slice(colon + 1)) : line;
          })
          .join('\n'),
    }),
  );
}
