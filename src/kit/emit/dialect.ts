/** What a function of a client returns: bytes as text, whether something is so, or pairs of name and value. */
export type Returned = 'text' | 'condition' | 'pairs';

/** A function of a client. */
export type WrittenFunction = {
  /** In snake case, as `string_to_sign`. */
  readonly name: string;
  /** `r` is the request; others are texts. */
  readonly parameters: readonly string[];
  readonly returns: Returned;
  /** Texts that are computed one after another, each under the name of a variable. Later ones may replace earlier ones. */
  readonly steps?: ReadonlyArray<{ readonly name: string; readonly made: string }>;
  readonly result: string;
};

/**
 * How a language writes what the clients of defined schemes consist of. Values of a client are texts of bytes, or nothing where a
 * request has no such value: bytes sort and compare alike in all languages.
 */
export type Dialect = {
  readonly language: string;
  /** Writes the UTF-8 bytes of a text. */
  literal(text: string): string;
  /** Writes a text that the program reads itself, such as the name of a header or of a hash. */
  word(text: string): string;
  /** Writes a list of such texts. */
  words(texts: readonly string[]): string;
  variable(name: string): string;
  /** Writes a call of a function whose name is in snake case. */
  call(name: string, args: readonly string[]): string;
  /** Writes a function as an argument. */
  reference(name: string): string;
  /** Writes what the request has under a name in snake case. */
  field(name: string): string;
  /** @param parts at least two. */
  join(parts: readonly string[]): string;
  /** Writes a text that is empty unless the condition holds. It is not computed then. */
  when(condition: string, made: string): string;
  isPresent(value: string): string;
  /** @param conditions at least one. */
  all(conditions: readonly string[]): string;
  pairs(pairs: ReadonlyArray<{ readonly name: string; readonly value: string }>): string;
  define(written: WrittenFunction): string;
};
