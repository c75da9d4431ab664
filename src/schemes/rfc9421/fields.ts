import { base64 } from '../../core/encoding.ts';
import { fail } from '../../core/errors.ts';
import { excerpt } from '../../core/excerpt.ts';
import type { HeaderView } from '../../core/message.ts';
import { canonicaliseDictionary, type Dictionary, type Item, type Parameters } from '../structured-fields.ts';

/** The maximum number of signatures in a message: that of the caller, and those that proxies add. */
const most = 4;

/** A signature of a message, not yet verified. */
export type LabelledSignature = {
  readonly label: string;
  readonly items: readonly Item[];
  readonly parameters: Parameters;
  /** The value of its Signature-Input member. */
  readonly text: string;
  readonly signature: Uint8Array;
};

/**
 * Lists the signatures of a message, RFC 9421 section 4, in the order of Signature-Input. Empty if it has neither field.
 *
 * @throws SignatureError `malformed_field`, also for a label that only one of the fields has.
 */
export function listSignatures(headers: HeaderView): readonly LabelledSignature[] {
  const inputs = dictionaryIn(headers, 'Signature-Input');
  const signatures = dictionaryIn(headers, 'Signature');
  if (inputs.size > most || signatures.size > most)
    fail('malformed_field', `The message has more than ${most} signatures.`);
  const lonely = [...signatures.keys()].find((label) => !inputs.has(label));
  if (lonely !== undefined)
    fail('malformed_field', `The label ${excerpt(lonely)} is in Signature but not in Signature-Input.`);
  return [...inputs].map(([label, { items, parameters, text }]) => {
    if (!items) return fail('malformed_field', `The member ${excerpt(label)} of Signature-Input is not an inner list.`);
    const bytes = signatures.get(label)?.value;
    if (!(bytes instanceof ArrayBuffer)) {
      return fail('malformed_field', `Signature has no byte sequence for the label ${excerpt(label)}.`);
    }
    return { label, items, parameters, text, signature: new Uint8Array(bytes) };
  });
}

/**
 * Returns both signature fields with a signature added, keeping signatures with other labels.
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
