import { base64 } from '../../core/encoding.ts';
import { fail } from '../../core/errors.ts';
import { excerpt } from '../../core/excerpt.ts';
import type { HeaderView } from '../../core/message.ts';
import { canonicaliseDictionary, type Dictionary, type Item, type Parameters } from '../structured-fields.ts';

/** How many signatures a message may have: the caller's, and those that proxies on the way add. */
const most = 4;

/** One signature of a message, before any of it is believed. */
export type LabelledSignature = {
  readonly label: string;
  readonly items: readonly Item[];
  readonly parameters: Parameters;
  /** The member of Signature-Input, without its label. */
  readonly text: string;
  readonly signature: Uint8Array;
};

/**
 * The signatures of a message, RFC 9421 section 4, in the order of Signature-Input; none where it has neither field.
 *
 * @throws SignatureError `malformed_field`, also where a label stands in one of the fields only.
 */
export function listSignatures(headers: HeaderView): readonly LabelledSignature[] {
  const inputs = dictionaryIn(headers, 'Signature-Input');
  const signatures = dictionaryIn(headers, 'Signature');
  if (inputs.size > most || signatures.size > most) fail('malformed_field', `There are more than ${most} signatures.`);
  const lonely = [...signatures.keys()].find((label) => !inputs.has(label));
  if (lonely !== undefined)
    fail('malformed_field', `Signature has the label ${excerpt(lonely)}, Signature-Input has not.`);
  return [...inputs].map(([label, { items, parameters, text }]) => {
    if (!items) return fail('malformed_field', `The member ${excerpt(label)} of Signature-Input is no inner list.`);
    const bytes = signatures.get(label)?.value;
    if (!(bytes instanceof ArrayBuffer)) {
      return fail('malformed_field', `Signature has no byte sequence of the label ${excerpt(label)}.`);
    }
    return { label, items, parameters, text, signature: new Uint8Array(bytes) };
  });
}

/**
 * The two fields with a signature in them, beside those of other labels that the message has already.
 *
 * @param text as in {@link LabelledSignature}.
 * @throws SignatureError `malformed_field`
 */
export function addSignatureFields(
  headers: HeaderView,
  { label, text, signature }: Pick<LabelledSignature, 'label' | 'text' | 'signature'>,
): Record<string, string> {
  const others = listSignatures(headers).filter((one) => one.label !== label);
  const all = [...others, { label, text, signature }];
  return {
    'Signature-Input': all.map((one) => `${one.label}=${one.text}`).join(', '),
    Signature: all.map((one) => `${one.label}=:${base64(one.signature)}:`).join(', '),
  };
}

function dictionaryIn(headers: HeaderView, field: string): Dictionary {
  const value = headers.get(field);
  return value === null ? new Map() : canonicaliseDictionary(field, value);
}
