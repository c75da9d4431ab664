import { sha256OfBodySync } from '../core/digest.ts';
import { base64, hex, utf8 } from '../core/encoding.ts';
import type { ToSign } from '../core/scheme.ts';
import type { DifferenceCode } from './difference.ts';
import type { Guess, Variation } from './variation.ts';

/**
 * How the caller may have written down the string to sign.
 *
 * @param text as it should be; undefined where it is bytes.
 */
export function writtenVariations(text: string | undefined): readonly Variation[] {
  if (text === undefined) return [];
  const lines = text.split('\n');
  return [...breaks, ...encodings, ...(lines.length > 1 && lines.length <= 128 ? lines.flatMap(lineVariations) : [])];
}

type Written = {
  readonly code: DifferenceCode;
  readonly says: string;
  readonly remedy: string;
  write(text: string): ToSign;
};

const variation = ({ code, says, remedy, write }: Written): Variation => ({
  part: 'string',
  code,
  change: (guess): Guess => ({ ...guess, written: write }),
  tell: () => says,
  remedy,
});

const breakRemedy = "In the caller's code, join the lines of the string to sign with LF, and put none at the end.";

const breaks: readonly Variation[] = [
  { says: 'The caller put a line break (LF) at the end of the string to sign.', write: (text: string) => `${text}\n` },
  { says: 'The caller put CR and LF at the end of the string to sign.', write: (text: string) => `${text}\r\n` },
  {
    says: 'The caller joined the lines with CR and LF, not with LF.',
    write: (text: string) => text.replace(/\n/g, '\r\n'),
  },
  {
    says: 'The caller joined the lines with CR and LF, and ended in them.',
    write: (text: string) => `${text}\n`.replace(/\n/g, '\r\n'),
  },
  {
    says: 'The caller signed a backslash and an n where line breaks belong.',
    write: (text: string) => text.replace(/\n/g, '\\n'),
  },
  { says: 'The caller left the line breaks out.', write: (text: string) => text.replace(/\n/g, '') },
  { says: 'The caller put spaces where line breaks belong.', write: (text: string) => text.replace(/\n/g, ' ') },
  {
    says: 'The caller left empty lines out.',
    write: (text: string) => text.replace(/\n{2,}/g, '\n').replace(/^\n|\n$/g, ''),
  },
  { says: 'The caller trimmed the end of the string to sign.', write: (text: string) => text.trimEnd() },
  { says: 'The caller trimmed the string to sign.', write: (text: string) => text.trim() },
].map((one) => variation({ code: 'string-line-breaks', remedy: breakRemedy, ...one }));

const encodingRemedy = "In the caller's code, sign the UTF-8 bytes of the string to sign, and nothing made of it.";

const encodings: readonly Variation[] = [
  { says: 'The caller signed the string in UTF-16.', write: utf16 },
  { says: 'The caller put a byte order mark before the string to sign.', write: (text: string) => `\ufeff${text}` },
  {
    says: 'The caller signed the string as JSON, with quotes and escapes.',
    write: (text: string) => JSON.stringify(text),
  },
  { says: 'The caller signed the base64 of the string.', write: (text: string) => base64OfText(text) },
  { says: 'The caller changed the whole string to lower case.', write: (text: string) => text.toLowerCase() },
]
  .map((one) => variation({ code: 'string-encoding', remedy: encodingRemedy, ...one }))
  .concat(
    [
      {
        says: 'The caller signed the SHA-256 of the string, in hex.',
        write: (text: string) => hex(sha256OfBodySync(utf8(text))),
      },
      {
        says: 'The caller signed the SHA-256 of the string, in base64.',
        write: (text: string) => base64(sha256OfBodySync(utf8(text))),
      },
      { says: 'The caller signed the SHA-256 of the string.', write: (text: string) => sha256OfBodySync(utf8(text)) },
    ].map((one) => variation({ code: 'string-hashed', remedy: encodingRemedy, ...one })),
  );

/** The bytes of a text in UTF-16LE, as .NET and Java's char arrays have them. */
export function utf16(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length * 2);
  for (let i = 0; i < text.length; i++) {
    bytes[2 * i] = text.charCodeAt(i) & 255;
    bytes[2 * i + 1] = text.charCodeAt(i) >> 8;
  }
  return bytes;
}

const base64OfText = (text: string): string => base64(utf8(text).subarray(0, 65_536));

/** A string with one of its lines left out, left empty, or in the place of the next. */
function lineVariations(line: string, place: number, lines: readonly string[]): readonly Variation[] {
  const name = `line ${place + 1} (${line === '' ? 'empty' : JSON.stringify(line.length > 60 ? `${line.slice(0, 60)}…` : line)})`;
  const remedy =
    "In the caller's code, put every line of the string to sign in its place; an absent value is an empty line.";
  const changed = (change: (lines: readonly string[]) => readonly string[]) => (text: string) =>
    change(text.split('\n')).join('\n');
  const found: Written[] = [
    {
      code: 'string-line',
      says: `The caller left out ${name} of the string to sign.`,
      remedy,
      write: changed((all) => all.filter((_, other) => other !== place)),
    },
  ];
  if (line !== '') {
    found.push({
      code: 'string-line',
      says: `The caller left ${name} of the string to sign empty.`,
      remedy,
      write: changed((all) => all.map((one, other) => (other === place ? '' : one))),
    });
    found.push({
      code: 'string-line',
      says: `The caller has ${name} of the string to sign in other letters: upper or lower case.`,
      remedy,
      write: changed((all) => all.map((one, other) => (other === place ? otherCase(one) : one))),
    });
  }
  for (let later = place + 1; later < lines.length && lines.length <= 24; later++) {
    if (lines[later] === line) continue;
    found.push({
      code: 'string-order',
      says: `The caller has lines ${place + 1} and ${later + 1} of the string to sign in each other's place.`,
      remedy,
      write: changed((all) =>
        all.map((one, other) => (other === place ? (all[later] ?? '') : other === later ? (all[place] ?? '') : one)),
      ),
    });
  }
  return found.map(variation);
}

const otherCase = (text: string): string => (text === text.toLowerCase() ? text.toUpperCase() : text.toLowerCase());
