import { heldOperation } from './held.ts';
import type { Measured } from './measure.ts';

export type Runtime = 'Node' | 'Bun' | 'Deno';

/** How long countersign may take beside another row of the same operation. */
type Target = {
  readonly operation: string;
  readonly against: string;
  /** Countersign's time divided by the other's. */
  readonly atMost: number;
  /** @default everywhere */
  readonly on?: readonly Runtime[];
};

const target = (operation: string, against: string, atMost: number, ...on: Runtime[]): Target =>
  on.length ? { operation, against, atMost, on } : { operation, against, atMost };
const lone = 'aws4fetch';
const crowd = 'aws4fetch, 16 in flight';

export const targets: readonly Target[] = [
  target('headers() GET', 'floor', 1.5),
  target('headers() GET', 'hawk', 1, 'Node'),
  target('headers() GET', 'http-message-sig', 0.4),
  target('headers() GET', lone, 1 / 30, 'Node'),
  target('headers() GET', crowd, 1 / 8, 'Node'),
  target('sign(Request) GET', 'floor', 1.7),
  target('sign(Request) GET', lone, 1 / 30, 'Node'),
  target('sign(Request) GET', lone, 1 / 15, 'Bun', 'Deno'),
  target('sign(Request) GET', crowd, 1 / 8, 'Node'),
  target('sign(Request) POST 1 KiB', 'floor', 1.4),
  target('sign(Request) POST 1 KiB', lone, 1 / 10, 'Node'),
  target('sign(Request) POST 1 KiB', lone, 1 / 8, 'Bun', 'Deno'),
  target('sign(Request, { body }) POST 1 KiB', 'floor', 1.4),
  target('sign(Request, { body }) POST 1 KiB', lone, 1 / 10, 'Node'),
  target('sign(Request) POST 1 MiB', 'platform', 1.3),
  target('sign(Request) POST 1 MiB', lone, 1),
  target('verify GET', 'hawk', 1, 'Node'),
  target('verify GET', 'http-message-signatures', 1 / 3),
  target('verify GET', 'http-message-sig', 1 / 3),
  target('verify POST 1 KiB', 'hawk', 2, 'Node'),
  target('verify POST 1 KiB', 'http-message-signatures', 0.4),
  target('verify POST 1 KiB', 'http-message-sig', 0.4),
  target('verify POST 1 MiB', 'hawk', 1.3, 'Node'),
];

/** A scheme on Node is to be no slower than a library for it; what is written by hand has neither options nor checks. */
const isPeerOfScheme = (runtime: Runtime, { operation, row }: Measured): boolean =>
  runtime === 'Node' && operation.includes(': ') && row !== 'countersign' && row !== 'by hand';

/** One line of the report. */
export type Line = {
  readonly operation: string;
  readonly row: string;
  readonly microseconds: number;
  /** Countersign's time divided by this row's, the median of the rounds; undefined for countersign itself. */
  readonly ratio: number | undefined;
  readonly target: number | undefined;
  /** What `microseconds` may be at most, where that is the target. */
  readonly limit: number | undefined;
};

export const median = (figures: readonly number[]): number =>
  figures.toSorted((a, b) => a - b)[figures.length >> 1] ?? Number.NaN;

/** The figures as lines of the report, in the order they were measured. */
export function judge(runtime: Runtime, figures: readonly Measured[]): readonly Line[] {
  return figures.map((figure) => {
    const { operation, row, rounds } = figure;
    const ours = figures.find((other) => other.operation === operation && other.row === 'countersign');
    const wanted = targets.find(
      ({ operation: of, against, on }) => of === operation && against === row && (!on || on.includes(runtime)),
    );
    return {
      operation,
      row,
      microseconds: median(rounds),
      ratio:
        ours && !row.startsWith(ours.row) ? median(ours.rounds.map((own, i) => own / (rounds[i] ?? 0))) : undefined,
      target: wanted?.atMost ?? (isPeerOfScheme(runtime, figure) ? 1 : undefined),
      limit: operation === heldOperation ? 2000 : undefined,
    };
  });
}
