import type { Component } from './components.ts';
import type { Resolver } from './values.ts';

/** What a signature says of itself: the inner list of RFC 9421 section 2.3. */
export type SignatureParts = {
  readonly components: readonly Component[];
  /** The components with the parameters of the signature, as in Signature-Input after the label. */
  readonly text: string;
};

/**
 * The signature base, RFC 9421 section 2.5. Every line begins with an identifier, no value has a line break, and the last line
 * repeats the identifiers, so no value can take the place of another.
 *
 * @throws SignatureError what the resolver throws.
 */
export function signatureBase(resolve: Resolver, { components, text }: SignatureParts): string {
  let base = '';
  for (const component of components) base += `${component.identifier}: ${resolve(component)}\n`;
  return `${base}"@signature-params": ${text}`;
}
