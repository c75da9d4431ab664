import { type Address, parseAddress } from './address.ts';
import { fail } from './errors.ts';

/** Header fields by name, in whatever case; repeated fields joined with `, `. A `Headers` is one. */
export type HeaderView = {
  get(name: string): string | null;
  /** Every name, in lower case; for schemes that sign whole families of headers. */
  keys?(): Iterable<string>;
  /** The values of a repeated field, each as it came; for schemes that sign them apart. */
  lines?(name: string): readonly string[];
};

/** A request as signer and verifier see it, free of any runtime's classes. The body comes beside it. */
export type Message = Address & {
  /** In upper case. */
  readonly method: string;
  readonly headers: HeaderView;
};

/** What {@link toMessage} needs of a `Request`, or of a plain description of one. */
export type RequestLine = { readonly method: string; readonly url: string };

/**
 * @throws SignatureError `invalid_request` for a method that is no token, and for URLs that cannot be signed.
 */
export function toMessage({ method, url }: RequestLine, headers: HeaderView): Message {
  return { method: upperCaseMethod(method), headers, ...parseAddress(url) };
}

/** The method in upper case: runtimes differ in which lower-case methods they change on the wire. */
export function upperCaseMethod(method: string): string {
  // A token, RFC 9110 section 5.6.2.
  if (!/^[\w!#$%&'*+.^`|~-]{1,64}$/.test(method)) fail('invalid_request', 'The method is no token (RFC 9110).');
  return method.toUpperCase();
}

/**
 * The value of a field that goes into a string to sign: trimmed, or undefined where it is absent.
 *
 * @throws SignatureError `invalid_request` when the value is not printable ASCII: how other text becomes bytes
 * differs between runtimes, and a line break would start another line of the string to sign.
 */
export function fieldValue(headers: HeaderView, name: string): string | undefined {
  const value = headers.get(name);
  if (value && !/^[\t -~]*$/.test(value)) fail('invalid_request', `The header ${name} must be ASCII to be signed.`);
  // Last, when there is only the whitespace of RFC 9110 to trim: a no-break space at an end is a change like any other.
  return value?.trim();
}
