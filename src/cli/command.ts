/** A named option of a command, such as `--service shop`. */
export type Option = {
  /** `list`: can be repeated. `flag`: has no value. */
  readonly type: 'text' | 'list' | 'flag';
  /** Its description in help. */
  readonly help: string;
  /** The placeholder of its value in help. @default 'VALUE' */
  readonly value?: string;
  /** A short name of one letter. */
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

/** A positional argument, such as an access key or a file. */
export type Operand = {
  readonly name: string;
  readonly help: string;
  readonly optional?: boolean /** Takes all further arguments too. */;
  readonly rest?: boolean;
};

/** The definition of a command. */
export type Command<Known extends Options = Options> = {
  /** Its words, such as `keys create`. */
  readonly name: string;
  /** One line. */
  readonly summary: string;
  /** Further lines for help. @default none */
  readonly details?: string;
  readonly operands?: readonly Operand[];
  readonly options: Known;
  /** Without the program name. */
  readonly examples: readonly string[];
  /**
   * @param operands in order; omitted ones are missing.
   * @returns the exit status.
   * @throws SignatureError whose `status` determines the exit status.
   */
  run(given: OptionValues<Known & typeof commonOptions>, operands: readonly string[]): Promise<number>;
};

/** Options of every command. */
export const commonOptions = {
  json: { type: 'flag', help: 'Print JSON, also for errors.' },
  help: { type: 'flag', short: 'h', help: 'Print this help.' },
} as const satisfies Options;

/** Defines a command whose `run` gets its options with precise types. */
export const command = <const Known extends Options>(known: Command<Known>): Command => known as unknown as Command;
