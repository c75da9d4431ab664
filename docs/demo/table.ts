import type { CheckedCall, Outcome } from './call.ts';

const header = ['', 'call', 'expected response', 'actual response', 'what it gave, or reason in the audit event'];

/** Formats checked calls as an aligned table, with a heading for each group. */
export function tableOf(groups: Readonly<Record<string, readonly CheckedCall[]>>): string {
  const all = [header, ...Object.values(groups).flat().map(cellsOf)];
  const widths = header.map((_, column) => Math.max(...all.map((cells) => cells[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('   ')
      .trimEnd();
  const lines = [line(header), line(widths.map((width) => '─'.repeat(width)))];
  for (const [heading, calls] of Object.entries(groups)) {
    lines.push('', heading, ...calls.map((call) => line(cellsOf(call))));
  }
  return lines.join('\n');
}

function cellsOf({ name, expected, actual, asExpected }: CheckedCall): string[] {
  const reason = actual.reason === expected.reason ? actual.reason : `${actual.reason} (not ${expected.reason})`;
  return [asExpected ? 'ok' : 'WRONG', name, briefly(expected), briefly(actual), reason];
}

const briefly = ({ status, code = '' }: Outcome): string => `${status || 'none'} ${code}`.trimEnd();
