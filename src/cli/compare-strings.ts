import { decodeUtf8 } from '../core/encoding.ts';
import { showInvisible } from './format-explanation.ts';
import { styled } from './output.ts';

/** A line of two strings to sign. */
export type ComparedLine = {
  /** The number of the line, from 1, in the string that has it; in both if both have it. */
  readonly line: number;
  /** Undefined if the caller's string lacks the line. */
  readonly own?: string;
  /** Undefined if the expected string lacks the line. */
  readonly expected?: string;
};

/** The comparison of the caller's string to sign with the expected one. */
export type Comparison = {
  readonly same: boolean;
  /** The lines that differ, in order. */
  readonly lines: readonly ComparedLine[];
  /** What differs beside the lines, in sentences. */
  readonly notes: readonly string[];
};

/**
 * Compares the caller's string to sign with the expected one, line by line. A line break at the end, CRLF and a byte order mark are
 * noted by themselves, and do not make every line differ.
 *
 * @param own undefined for a string that must not be shown.
 */
export function compareStrings(own: Uint8Array | undefined, expected: string | undefined): Comparison {
  if (expected === undefined) return { same: false, lines: [], notes: [unknown] };
  if (own === undefined) return { same: false, lines: [], notes: [hidden] };
  const given = decodeUtf8(own);
  if (given === expected) return { same: true, lines: [], notes: [] };
  const notes: string[] = [];
  let text = given;
  if (text.startsWith('\ufeff')) {
    notes.push('Your text begins with a byte order mark.');
    text = text.slice(1);
  }
  if (text.includes('\r\n')) {
    notes.push('Your lines end with CRLF; the scheme joins them with LF.');
    text = text.replace(/\r\n/g, '\n');
  }
  if (!text.includes('\n') && text.includes('\\n')) {
    notes.push('Your text has a backslash and an n instead of line breaks.');
    text = text.replace(/\\n/g, '\n');
  }
  // The last lines of a string to sign may be empty.
  const more = countLastBreaks(text) - countLastBreaks(expected);
  if (more > 0) {
    notes.push(
      'Your text ends with a line break more. If your program signs it, remove it; if only the file has it, ignore it.',
    );
    text = text.slice(0, -more);
  }
  return { same: false, lines: compareLines(text.split('\n'), expected.split('\n')), notes };
}

const unknown =
  'There is no string to sign to compare with: the signature cannot be read, or the signed bytes are no text.';

const hidden =
  'Your text has neither {secret} nor the secret of the key in it: it is not shown, because it may contain another secret.';

function countLastBreaks(text: string): number {
  let count = 0;
  while (text.at(-1 - count) === '\n') count++;
  return count;
}

/** With as many lines on both sides, each is compared with its counterpart; otherwise what lies between equal ends differs. */
function compareLines(own: readonly string[], expected: readonly string[]): readonly ComparedLine[] {
  if (own.length === expected.length) {
    return own.flatMap((line, place) => {
      const other = expected[place] ?? '';
      return line === other ? [] : [{ line: place + 1, own: line, expected: other }];
    });
  }
  const shorter = Math.min(own.length, expected.length);
  let start = 0;
  while (start < shorter && own[start] === expected[start]) start++;
  let end = 0;
  while (end < shorter - start && own.at(-1 - end) === expected.at(-1 - end)) end++;
  return [
    ...own.slice(start, own.length - end).map((line, place) => ({ line: start + place + 1, own: line })),
    ...expected.slice(start, expected.length - end).map((line, place) => ({ line: start + place + 1, expected: line })),
  ];
}

/** Formats a comparison: `-` is a line of the caller, `+` one that is expected. */
export function formatComparison({ same, lines, notes }: Comparison): string {
  const title = styled('bold', 'Your string to sign');
  if (same) return `${title}\n  is the expected one: the secret differs, or how the signature is made of both.`;
  const shown = lines.flatMap(({ line, own, expected }) => [
    ...(own === undefined ? [] : [styled('red', `${`${line}`.padStart(4)} - ${showInvisible(own) || '(empty)'}`)]),
    ...(expected === undefined
      ? []
      : [styled('green', `${`${line}`.padStart(4)} + ${showInvisible(expected) || '(empty)'}`)]),
  ]);
  const alike = lines.length || notes[0] === unknown || notes[0] === hidden ? [] : ['  All lines are as expected.'];
  return [title, ...shown, ...alike, ...notes.map((note) => `  ${note}`)].join('\n');
}
