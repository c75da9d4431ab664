import type { FindingCode, SchemeDefinition } from 'countersign/schemes';

/** A row of the catalogue: a definition, where its facts are from, and how it is proved. */
export type Ready = {
  readonly exported: string;
  readonly definition: SchemeDefinition;
  /** The findings of high severity that a verifier has to accept. */
  readonly acceptFindings: readonly FindingCode[];
  readonly provider: string;
  /** Without `https://`. */
  readonly source: string;
  /** What of the provider is the secret, and in which form if that is not text. */
  readonly secret: string;
  /** For how long the provider says that a signature is valid. */
  readonly window: string;
  /** What the definition is tested against. */
  readonly proof: string;
};
