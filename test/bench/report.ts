import type { KyFigure } from './inside-ky.ts';
import type { Line } from './targets.ts';

/** A ratio to be read: `1.42x` of the other's time, or `1/35` of it. */
const fraction = (ratio: number): string => (ratio > 0.45 ? `${ratio.toFixed(2)}x` : `1/${(1 / ratio).toFixed(1)}`);
const time = (us: number): string => (us < 1000 ? `${us.toFixed(1)} us` : `${(us / 1000).toFixed(2)} ms`);

function verdict(found: number, limit: number): string {
  return found <= limit ? 'OK' : `MISSED by ${Math.ceil((found / limit - 1) * 100)} %`;
}

/** A table for people. */
export function table(lines: readonly Line[]): string {
  const rows = lines.map(({ operation, row, microseconds, ratio, target, limit }, i) => [
    lines[i - 1]?.operation === operation ? '' : operation,
    row,
    time(microseconds),
    ratio === undefined ? '' : fraction(ratio),
    limit ? `<= ${time(limit)}` : target ? `<= ${fraction(target)}` : '',
    limit ? verdict(microseconds, limit) : ratio && target ? verdict(ratio, target) : '',
  ]);
  return columns([['operation', 'who', 'median', 'countersign takes', 'target', ''], ...rows]);
}

/** What signing adds to ky's own CPU time: at most 60 us for our hook, and a third of what aws4fetch adds. */
export function kyTable(figures: readonly KyFigure[]): string {
  const rows = figures.map(({ operation, row, cpu, wall, added }, i) => {
    const aws = figures.find((other) => other.operation === operation && /aws4fetch/.test(other.row));
    const judged = row === 'ky + countersign hook';
    const limit = Math.min(/GET/.test(operation) ? 60 : 100, (aws?.added ?? 0) / 3);
    return [
      figures[i - 1]?.operation === operation ? '' : operation,
      row,
      time(cpu),
      time(wall),
      row === 'ky' ? '' : `${added >= 0 ? '+' : ''}${added.toFixed(0)} us`,
      judged ? `<= ${limit.toFixed(0)} us` : '',
      judged ? verdict(added, limit) : '',
    ];
  });
  return columns([['calls', 'who', 'cpu', 'wall', 'cpu over ky', 'target', ''], ...rows]);
}

/** Rows of cells, aligned. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
