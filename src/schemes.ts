export type { Finding, FindingCode } from './core/finding.ts';
export type { Scheme, SigningScheme } from './core/scheme.ts';
export { countersignV1 } from './schemes/countersign-v1.ts';
