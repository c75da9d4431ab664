import { styleText } from 'node:util';

/** Prints a result, as one or more lines. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Prints a result: as JSON where that was asked for, else in words. */
export function printFor({ json }: { readonly json: boolean }, { value, text }: Result): void {
  print(json ? printJson(value) : text);
}

/** JSON in lines, which people can read along. */
export const printJson = (value: object): string => JSON.stringify(value, null, 2);

/** What a command has found out. */
export type Result = {
  /** For programs. */
  readonly value: object;
  /** For people. */
  readonly text: string;
};

/** Tells what is no result: stays out of what is piped on. */
export function printNotice(text: string): void {
  process.stderr.write(`${text}\n`);
}

type Style = Parameters<typeof styleText>[0];

/** The text, in a style where a terminal shows it; https://no-color.org */
export function styled(style: Style, text: string): string {
  const { NO_COLOR, TERM } = process.env;
  return process.stdout.isTTY && !NO_COLOR && TERM !== 'dumb' ? styleText(style, text) : text;
}

/** Rows in columns, two spaces apart. */
export function columns(rows: ReadonlyArray<readonly string[]>): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Ends quietly, as programs do, when nobody reads on: `countersign keys list | head -1`. */
export function stopAtClosedPipe(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // 128 and the number of SIGPIPE, with which a shell reports it.
      if (error.code === 'EPIPE') process.exit(141);
      throw error;
    });
  }
}

/** Passes over warnings that part of Node is experimental: they are for who writes this program, not for who runs it. */
export function hideExperimentalWarnings(): void {
  const { emitWarning } = process;
  process.emitWarning = (warning: string | Error, ...rest: unknown[]) => {
    if (rest[0] !== 'ExperimentalWarning') Reflect.apply(emitWarning, process, [warning, ...rest]);
  };
}
