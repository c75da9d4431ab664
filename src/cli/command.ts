/** What can be given to a command by name, as in `--service shop`. */
export type Option = {
  /** `list`: may be given several times. `flag`: has no value. */
  readonly type: 'text' | 'list' | 'flag';
  /** What help says of it. */
  readonly help: string;
  /** What its value is called in help. @default 'VALUE' */
  readonly value?: string;
  /** One letter. */
  readonly short?: string;
};

export type Options = Readonly<Record<string, Option>>;

/** The values of options, by name. */
export type OptionValues<Known extends Options = Options> = {
  readonly [Name in keyof Known]: Known[Name]['type'] extends 'flag'
    ? boolean
    : Known[Name]['type'] extends 'list'
      ? readonly string[]
      : string | undefined;
};

/** What is given without a name, as an access key or a file. */
export type Operand = { readonly name: string; readonly help: string; readonly optional?: boolean };

/** One command: all that the command line knows of it. */
export type Command<Known extends Options = Options> = {
  /** Its words, as in `keys create`. */
  readonly name: string;
  /** One line. */
  readonly summary: string;
  /** What help says beside it, in lines. @default none */
  readonly details?: string;
  readonly operands?: readonly Operand[];
  readonly options: Known;
  /** Without the name of the program. */
  readonly examples: readonly string[];
  /**
   * @param operands in their order; those that are left out are missing.
   * @returns the exit status.
   * @throws SignatureError whose status says with what to exit.
   */
  run(given: OptionValues<Known & typeof commonOptions>, operands: readonly string[]): Promise<number>;
};

/** Options that every command has. */
export const commonOptions = {
  json: { type: 'flag', help: 'Print JSON, errors too.' },
  help: { type: 'flag', short: 'h', help: 'Print this.' },
} as const satisfies Options;

/** A command whose options are known by name to its `run`. */
export const command = <const Known extends Options>(known: Command<Known>): Command => known as unknown as Command;
