import type { PlannedPart } from '../../schemes/define/plan/template.ts';

type Parts = { readonly parts: readonly PlannedPart[] };

/** Writes the templates of a plan in a language. */
export type Printer = {
  /** An expression for a template. */
  template(planned: Parts): string;
  /** The body of a function for a template, on several lines if it is long. */
  lines(planned: Parts): string;
  /** The functions of the named templates. */
  namedFunctions(): readonly string[];
};
