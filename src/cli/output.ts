import { styleText } from 'node:util';

/** Prints text and a line break to standard output. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Prints a result: as JSON if `json` is set, otherwise as text. */
export function printFor({ json }: { readonly json: boolean }, { value, text }: Result): void {
  print(json ? printJson(value) : text);
}

/** Indented JSON, without characters that a terminal obeys. */
export const printJson = (value: object): string => escapeControls(JSON.stringify(value, null, 2));

/** JSON on one line, without characters that a terminal obeys. */
export const jsonLine = (value: object): string => escapeControls(JSON.stringify(value));

// JSON.stringify escapes only some of them.
const escapeControls = (json: string): string =>
  json.replace(/[\u007f-\u009f]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);

/**
 * Replaces what a terminal would obey, or not show, in text that a server, a file or a database contains: control, bidirectional and
 * zero-width characters. Line breaks are kept.
 */
export const printable = (text: string): string => text.replace(/[^\P{C}\n]/gu, '\ufffd');

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
