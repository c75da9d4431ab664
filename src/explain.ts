export type { Difference, DifferenceCode } from './explain/difference.ts';
export type { LeftOut, LeftOutCode } from './explain/effort.ts';
export { explainSignature } from './explain/explain.ts';
export type { ExplainRefusalsOptions } from './explain/explain-refusals.ts';
export { explainRefusals } from './explain/explain-refusals.ts';
export type { ExplainedSecret, ExplainOptions, SignatureExplanation } from './explain/explanation.ts';
export type { Freshness } from './explain/freshness.ts';
export type { ShownField } from './explain/masked-fields.ts';
