import type { Component } from './components.ts';
import type { Resolver } from './values.ts';

/** The input of a signature base: the inner list of RFC 9421 section 2.3. */
export type SignatureParts = {
  readonly components: readonly Component[];
  /** Components and signature parameters, as in Signature-Input after the label. */
  readonly text: string;
};

/**
 * Builds the signature base, RFC 9421 section 2.5. Every line begins with an identifier, no value contains a line break, and the
 * last line repeats the identifiers, so that no value can be read as another.
 *
 * @throws SignatureError with the codes of the resolver.
 */
export function signatureBase(resolve: Resolver, { components, text }: SignatureParts): string {
  let base = '';
  for (const component of components) base += `${component.identifier}: ${resolve(component)}\n`;
  return `${base}"@signature-params": ${text}`;
}
