import { sha256OfBodySync } from '../core/digest.ts';
import { base64, hex, utf8 } from '../core/encoding.ts';
import type { ToSign } from '../core/scheme.ts';
import type { DifferenceCode } from './difference.ts';
import type { Guess, Variation } from './variation.ts';

/**
 * Variations of the string to sign.
 *
 * @param text the correct string; undefined if it is not text.
 * @param rules.guarded whether the content of lines stays out of the messages: a proxy may have added header values. @default false
 */
export function writtenVariations(
  text: string | undefined,
  { guarded = false }: { readonly guarded?: boolean | undefined } = {},
): readonly Variation[] {
  if (text === undefined) return [];
  const lines = text.split('\n');
  return [
    ...breaks,
    ...encodings,
    ...(lines.length > 1 && lines.length <= 128
      ? lines.flatMap((_, place) => lineVariations(place, { lines, guarded }))
      : []),
  ];
}

/** Another form of the string to sign. */
export type Written = {
  readonly code: DifferenceCode;
  readonly label: string;
  readonly remedy: string;
  write(text: string): ToSign;
};

/** Creates the variation of another form. */
export const writtenVariation = ({ code, label, remedy, write }: Written): Variation => ({
  part: 'string',
  code,
  change: (guess): Guess => ({ ...guess, written: write }),
  describe: () => label,
  remedy,
});

const breakRemedy = "In the caller's code, join the lines of the string to sign with LF, without one at the end.";

const breaks: readonly Variation[] = [
  {
    label: 'The caller added a line break (LF) to the end of the string to sign.',
    write: (text: string) => `${text}\n`,
  },
  { label: 'The caller added CRLF to the end of the string to sign.', write: (text: string) => `${text}\r\n` },
  {
    label: 'The caller joined the lines with CRLF instead of LF.',
    write: (text: string) => text.replace(/\n/g, '\r\n'),
  },
  {
    label: 'The caller joined the lines with CRLF, and added one at the end.',
    write: (text: string) => `${text}\n`.replace(/\n/g, '\r\n'),
  },
  {
    label: 'The caller signed a backslash and an n instead of line breaks.',
    write: (text: string) => text.replace(/\n/g, '\\n'),
  },
  { label: 'The caller omitted the line breaks.', write: (text: string) => text.replace(/\n/g, '') },
  { label: 'The caller used spaces instead of line breaks.', write: (text: string) => text.replace(/\n/g, ' ') },
  {
    label: 'The caller omitted empty lines.',
    write: (text: string) => text.replace(/\n{2,}/g, '\n').replace(/^\n|\n$/g, ''),
  },
  { label: 'The caller trimmed the end of the string to sign.', write: (text: string) => text.trimEnd() },
  { label: 'The caller trimmed the string to sign.', write: (text: string) => text.trim() },
].map((one) => writtenVariation({ code: 'string-line-breaks', remedy: breakRemedy, ...one }));

const encodingRemedy = "In the caller's code, sign the UTF-8 bytes of the string to sign, without converting it.";

const encodings: readonly Variation[] = [
  { label: 'The caller signed the string in UTF-16.', write: utf16 },
  {
    label: 'The caller added a byte order mark to the beginning of the string to sign.',
    write: (text: string) => `\ufeff${text}`,
  },
  {
    label: 'The caller signed the string as JSON, with quotes and escapes.',
    write: (text: string) => JSON.stringify(text),
  },
  { label: 'The caller signed the base64 of the string.', write: (text: string) => encodeBase64(text) },
  { label: 'The caller changed the whole string to lower case.', write: (text: string) => text.toLowerCase() },
]
  .map((one) => writtenVariation({ code: 'string-encoding', remedy: encodingRemedy, ...one }))
  .concat(
    [
      {
        label: 'The caller signed the SHA-256 of the string, in hex.',
        write: (text: string) => hex(sha256OfBodySync(utf8(text))),
      },
      {
        label: 'The caller signed the SHA-256 of the string, in base64.',
        write: (text: string) => base64(sha256OfBodySync(utf8(text))),
      },
      { label: 'The caller signed the SHA-256 of the string.', write: (text: string) => sha256OfBodySync(utf8(text)) },
    ].map((one) => writtenVariation({ code: 'string-hashed', remedy: encodingRemedy, ...one })),
  );

/** Encodes a text as UTF-16LE, like .NET and the char arrays of Java. */
export function utf16(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length * 2);
  for (let i = 0; i < text.length; i++) {
    bytes[2 * i] = text.charCodeAt(i) & 255;
    bytes[2 * i + 1] = text.charCodeAt(i) >> 8;
  }
  return bytes;
}

const encodeBase64 = (text: string): string => base64(utf8(text).subarray(0, 65_536));

type Lines = { readonly lines: readonly string[]; readonly guarded: boolean };

/** Variations with one line omitted, empty, in another case, or swapped with a later one. */
function lineVariations(place: number, { lines, guarded }: Lines): readonly Variation[] {
  const line = lines[place] ?? '';
  const content = line === '' ? 'empty' : JSON.stringify(line.length > 60 ? `${line.slice(0, 60)}…` : line);
  const name = `line ${place + 1}${guarded ? '' : ` (${content})`}`;
  const remedy =
    "In the caller's code, put every line of the string to sign in its position; an absent value is an empty line.";
  const changed = (change: (lines: readonly string[]) => readonly string[]) => (text: string) =>
    change(text.split('\n')).join('\n');
  const found: Written[] = [
    {
      code: 'string-line',
      label: `The caller omitted ${name} of the string to sign.`,
      remedy,
      write: changed((all) => all.filter((_, other) => other !== place)),
    },
  ];
  if (line !== '') {
    found.push({
      code: 'string-line',
      label: `The caller left ${name} of the string to sign empty.`,
      remedy,
      write: changed((all) => all.map((one, other) => (other === place ? '' : one))),
    });
    found.push({
      code: 'string-line',
      label: `The caller signed ${name} of the string to sign in upper instead of lower case, or vice versa.`,
      remedy,
      write: changed((all) => all.map((one, other) => (other === place ? swapCase(one) : one))),
    });
  }
  for (let later = place + 1; later < lines.length && lines.length <= 24; later++) {
    if (lines[later] === line) continue;
    found.push({
      code: 'string-order',
      label: `The caller swapped lines ${place + 1} and ${later + 1} of the string to sign.`,
      remedy,
      write: changed((all) =>
        all.map((one, other) => (other === place ? (all[later] ?? '') : other === later ? (all[place] ?? '') : one)),
      ),
    });
  }
  return found.map(writtenVariation);
}

const swapCase = (text: string): string => (text === text.toLowerCase() ? text.toUpperCase() : text.toLowerCase());
