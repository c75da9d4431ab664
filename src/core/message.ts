import { type Address, parseAddress } from './address.ts';
import { fail } from './errors.ts';

/** Header fields by name, in any case; repeated fields are joined with `, `. A `Headers` object is one. */
export type HeaderView = {
  get(name: string): string | null;
  /** All names, in lower case. For schemes that sign whole families of headers. */
  keys?(): Iterable<string>;
  /** The values of a repeated field, each as received. For schemes that sign them separately. */
  lines?(name: string): readonly string[];
};

/** A request as signer and verifier see it, without classes of any runtime. The body is passed separately. */
export type Message = Address & {
  /** In upper case. */
  readonly method: string;
  readonly headers: HeaderView;
};

/** The part of a `Request`, or of a plain description of one, that {@link toMessage} needs. */
export type RequestLine = { readonly method: string; readonly url: string };

/**
 * @throws SignatureError `invalid_request` for a method that is not a token, and for a URL that cannot be signed.
 */
export function toMessage({ method, url }: RequestLine, headers: HeaderView): Message {
  return { method: upperCaseMethod(method), headers, ...parseAddress(url) };
}

/**
 * Refuses a field that was received as several lines: joined, they look like one value with commas. Not detected without `lines`.
 *
 * @throws SignatureError `malformed_field`
 */
export function refuseRepeated({ lines }: HeaderView, name: string): void {
  if ((lines?.(name.toLowerCase()).length ?? 1) > 1) fail('malformed_field', `${name} is repeated.`);
}

/** Returns the method in upper case. Runtimes differ in which lower-case methods they change on the wire. */
export function upperCaseMethod(method: string): string {
  // A token, RFC 9110 section 5.6.2.
  if (!/^[\w!#$%&'*+.^`|~-]{1,64}$/.test(method)) fail('invalid_request', 'method must be a token (RFC 9110).');
  return method.toUpperCase();
}

/**
 * Returns the trimmed value of a field for a string to sign; undefined if the field is absent.
 *
 * @throws SignatureError `invalid_request` unless the value is printable ASCII. Runtimes differ in how they encode other text, and
 * a line break would begin another line of the string to sign.
 */
export function fieldValue(headers: HeaderView, name: string): string | undefined {
  const value = headers.get(name);
  if (value && !/^[\t -~]*$/.test(value)) fail('invalid_request', `The header ${name} must be ASCII to be signed.`);
  // Trim after the ASCII check: `trim()` also strips U+00A0, which must be refused, not removed.
  return value?.trim();
}
