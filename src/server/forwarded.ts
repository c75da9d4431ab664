import { fail } from '../core/errors.ts';

/** What one proxy says of the connection on which it received a request, by the names of RFC 7239 section 4 in lower case. */
export type ForwardedElement = ReadonlyMap<string, string>;

// A pair and what follows it. Unquoted values may hold colons and brackets, which proxies forget to quote.
const pattern = /[ \t]*(?:([\w!#$%&'*+.^`|~-]+)=(?:([\w!#$%&'*+.^`|~:[\]-]+)|"((?:[^"\\]|\\.)*)")[ \t]*)?([;,]|$)/y;

/**
 * The elements of a Forwarded field, RFC 7239 section 4: the last is of the proxy that came last.
 *
 * @throws SignatureError `malformed_field`: what a caller has begun, such as a quotation, must not swallow what a proxy adds.
 */
export function forwardedElements(value: string): readonly ForwardedElement[] {
  const elements: ForwardedElement[] = [];
  let element = new Map<string, string>();
  let end = 0;
  let separator: string | undefined;
  do {
    pattern.lastIndex = end;
    const [whole, name, token, quoted, next] = pattern.exec(value) ?? malformed();
    end += whole?.length ?? 0;
    separator = next;
    if (name !== undefined) {
      const key = name.toLowerCase();
      if (element.has(key)) malformed();
      element.set(key, token ?? quoted?.replace(/\\(.)/g, '$1') ?? '');
    }
    if (separator !== ';') {
      if (element.size) elements.push(element);
      element = new Map();
    }
  } while (separator);
  return elements;
}

const malformed = (): never => fail('malformed_field', 'Forwarded is malformed: expected for=…;host=…;proto=…');
