export type { Difference, DifferenceCode } from './explain/difference.ts';
export { explainSignature } from './explain/explain.ts';
export type { ExplainedSecret, ExplainOptions, SignatureExplanation } from './explain/explanation.ts';
export type { Freshness } from './explain/freshness.ts';
export type { ShownField } from './explain/masked.ts';
