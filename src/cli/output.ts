import { styleText } from 'node:util';

/** Prints text and a line break to standard output. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Prints a result: as JSON if `json` is set, otherwise as text. */
export function printFor({ json }: { readonly json: boolean }, { value, text }: Result): void {
  print(json ? printJson(value) : text);
}

/** Indented JSON. */
export const printJson = (value: object): string => JSON.stringify(value, null, 2);

/** The result of a command. */
export type Result = {
  /** For programs. */
  readonly value: object;
  /** For people. */
  readonly text: string;
};

/** Prints a message to standard error, so that it is not part of piped output. */
export function printNotice(text: string): void {
  process.stderr.write(`${text}\n`);
}

type Style = Parameters<typeof styleText>[0];

/** Styles text if standard output is a terminal that supports it; see https://no-color.org */
export function styled(style: Style, text: string): string {
  const { NO_COLOR, TERM } = process.env;
  return process.stdout.isTTY && !NO_COLOR && TERM !== 'dumb' ? styleText(style, text) : text;
}

/** Aligns rows in columns, two spaces apart. */
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

/** Exits quietly when the reader of a pipe has closed it: `countersign keys list | head -1`. */
export function stopAtClosedPipe(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // 128 plus the number of SIGPIPE, as a shell reports it.
      if (error.code === 'EPIPE') process.exit(141);
      throw error;
    });
  }
}

/** Hides Node's warnings about experimental features: they concern this program's authors, not its users. */
export function hideExperimentalWarnings(): void {
  const { emitWarning } = process;
  process.emitWarning = (warning: string | Error, ...rest: unknown[]) => {
    if (rest[0] !== 'ExperimentalWarning') Reflect.apply(emitWarning, process, [warning, ...rest]);
  };
}
