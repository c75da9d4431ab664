/** How a language joins the parts of an expression. */
export type Joining = {
  /** The operator, with the blanks around it. */
  readonly operator: string;
  /** The operator with a line break before or after it. */
  readonly broken: string;
  /** Wraps an expression of several lines. @default unchanged */
  wrap?(lines: string): string;
};

/** In characters: a longer expression takes a line for each part. */
const widest = 90;

/** Joins the parts of an expression on one line, or on one for each part if they do not fit. */
export function joinFitting(parts: readonly string[], { operator, broken, wrap = (lines) => lines }: Joining): string {
  const joined = parts.join(operator);
  return joined.length < widest ? joined : wrap(parts.join(broken));
}
