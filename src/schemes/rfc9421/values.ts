import { base64, utf8 } from '../../core/encoding.ts';
import { fail } from '../../core/errors.ts';
import { excerpt } from '../../core/excerpt.ts';
import { fieldValue, type HeaderView, type Message } from '../../core/message.ts';
import {
  canonicaliseDictionary,
  canonicaliseItem,
  type Dictionary,
  serialiseDictionary,
} from '../structured-fields.ts';
import type { Component } from './components.ts';
import { queryParameters } from './query.ts';

/** The signed message: a request, or a response with its request. */
export type Subject = {
  readonly request: Message;
  readonly response?: { readonly status: number; readonly headers: HeaderView } | undefined;
};

/** Returns the value of a component for the signature base. */
export type Resolver = (component: Component) => string;

// The registered fields that are structured. The type of any other field is unknown, so it cannot be reserialised (RFC 9421 section 2.1.1).
const dictionaries =
  /^(?:content-digest|repr-digest|unencoded-digest|want-content-digest|want-repr-digest|signature|signature-input|accept-signature|priority)$/;
const items = /^client-cert$/;

/**
 * Creates a resolver for the components of a message, RFC 9421 sections 2.1 to 2.4. It parses each field and computes each value
 * once; all signatures of a message share one resolver.
 *
 * @throws SignatureError (the returned function) `missing_header` for a field, member or query parameter that the message lacks,
 * `invalid_request` for a value that cannot be signed, `malformed_field`.
 */
export function createResolver({ request, response }: Subject): Resolver {
  // A line break would begin another line of the base. URLs contain none, but a server may pass any text.
  if (!/^[!-~]*$/.test(request.rawTarget)) fail('invalid_request', 'The path or query must be ASCII, as on the wire.');
  const known = new Map<string, string>();
  const parsed = new Map<HeaderView, Map<string, Dictionary>>();
  let parameters: ReturnType<typeof queryParameters> | undefined;

  // A name that occurs twice is refused: only the last value would be signed, and a handler may read the first.
  function dictionaryIn(headers: HeaderView, name: string): Dictionary {
    const dictionariesOf = parsed.get(headers) ?? new Map<string, Dictionary>();
    const dictionary = dictionariesOf.get(name) ?? canonicaliseDictionary(name, required(headers, name));
    parsed.set(headers, dictionariesOf.set(name, dictionary));
    return dictionary;
  }

  function readMember(headers: HeaderView, { name, key = '', identifier }: Component): string {
    const found = dictionaryIn(headers, name).get(key);
    return found?.text ?? fail('missing_header', `The message lacks ${excerpt(identifier)}, which is signed.`);
  }

  function serialiseField(headers: HeaderView, name: string): string {
    if (dictionaries.test(name)) return serialiseDictionary(dictionaryIn(headers, name));
    if (items.test(name)) return canonicaliseItem(required(headers, name)).text;
    return fail('malformed_field', `The type of the field ${excerpt(name)} is unknown, so sf cannot be applied.`);
  }

  function readDerived({ name, parameter = '', ofRequest }: Component): string {
    if (name === '@status' && response && !ofRequest) return `${response.status}`;
    if (name === '@query-param') {
      parameters ??= queryParameters(queryOf(request));
      return parameters(parameter);
    }
    const value = derivations[name];
    return value ? value(request) : fail('malformed_field', `${name} is not a component of a request.`);
  }

  function readField(component: Component): string {
    const { name, form, key, ofRequest } = component;
    const headers = response && !ofRequest ? response.headers : request.headers;
    if (key !== undefined) return readMember(headers, component);
    if (form === 'bs') return serialiseLines(headers, name);
    return form === 'sf' ? serialiseField(headers, name) : required(headers, name);
  }

  function computeValue(component: Component): string {
    const { name, identifier, ofRequest } = component;
    const isDerived = name.startsWith('@');
    const ofRequestOnly = isDerived && name !== '@status';
    if (response ? ofRequestOnly && !ofRequest : ofRequest) {
      fail(
        'malformed_field',
        `${excerpt(identifier)} needs req in a response signature, and must not have it elsewhere.`,
      );
    }
    return isDerived ? readDerived(component) : readField(component);
  }

  return (component) => {
    const before = known.get(component.identity);
    if (before !== undefined) return before;
    const value = computeValue(component);
    known.set(component.identity, value);
    return value;
  };
}

// Uses the target as on the wire, not the normalised form, because every other implementation does. If the target is rewritten in
// transit, as WebKit rewrites %7E, the signature does not verify: see docs/standard-schemes.md.
const pathOf = ({ rawTarget }: Message): string => rawTarget.replace(/\?.*/s, '');
const queryOf = ({ rawTarget }: Message): string => `?${rawTarget.replace(/^[^?]*\??/, '')}`;

const derivations: Readonly<Record<string, (request: Message) => string>> = {
  '@method': ({ method }) => method,
  '@target-uri': ({ scheme, authority, rawTarget }) => `${scheme}://${authority}${rawTarget}`,
  '@authority': ({ authority }) => authority,
  '@scheme': ({ scheme }) => scheme,
  '@request-target': ({ rawTarget }) => rawTarget,
  '@path': pathOf,
  '@query': queryOf,
};

const required = (headers: HeaderView, name: string): string =>
  fieldValue(headers, name) ?? fail('missing_header', `The message lacks ${excerpt(name)}, which is signed.`);

function serialiseLines(headers: HeaderView, name: string): string {
  const lines = headers.lines?.(name);
  if (!lines)
    return fail(
      'malformed_field',
      `The lines of ${excerpt(name)} are not available separately, so bs cannot be applied.`,
    );
  if (!lines.length) fail('missing_header', `The message lacks ${excerpt(name)}, which is signed.`);
  return lines.map((line) => `:${base64(utf8(fieldValue({ get: () => line }, name) ?? ''))}:`).join(', ');
}
