import { base64, utf8 } from '../../core/encoding.ts';
import { fail } from '../../core/errors.ts';
import { excerpt } from '../../core/excerpt.ts';
import { fieldValue, type HeaderView, type Message } from '../../core/message.ts';
import { type Dictionary, parseDictionary, serialiseDictionary, serialiseItem } from '../structured-fields.ts';
import type { Component } from './components.ts';
import { queryParameters } from './query.ts';

/** What is signed: a request, or the answer to one. */
export type Subject = {
  readonly request: Message;
  readonly answer?: { readonly status: number; readonly headers: HeaderView } | undefined;
};

/** The value of a component, as it stands in the signature base. */
export type Resolver = (component: Component) => string;

// The fields of the HTTP registry that may be serialised anew; of others nobody knows the type (RFC 9421 section 2.1.1).
const dictionaries =
  /^(?:content-digest|repr-digest|unencoded-digest|want-content-digest|want-repr-digest|signature|signature-input|accept-signature|priority)$/;
const items = /^client-cert$/;

/**
 * Resolves components of a message, RFC 9421 sections 2.1 to 2.4. Parses each field once, and makes each value once: several
 * signatures of one message share a resolver.
 *
 * @throws SignatureError (the function returned) `missing_header` for a field, member or query parameter that the message does
 * not have, `invalid_request` for what cannot be signed, `malformed_field`
 */
export function createResolver({ request, answer }: Subject): Resolver {
  // A line break would begin another line of the base; in a URL there is none, but a server may be handed anything.
  if (!/^[!-~]*$/.test(request.rawTarget))
    fail('invalid_request', 'The path or query is not ASCII, so not as on the wire.');
  const known = new Map<string, string>();
  const parsed = new Map<HeaderView, Map<string, Dictionary>>();
  let parameters: ReturnType<typeof queryParameters> | undefined;

  function dictionaryIn(headers: HeaderView, name: string): Dictionary {
    const dictionariesOf = parsed.get(headers) ?? new Map<string, Dictionary>();
    const dictionary = dictionariesOf.get(name) ?? parseDictionary(name, required(headers, name));
    parsed.set(headers, dictionariesOf.set(name, dictionary));
    return dictionary;
  }

  function member(headers: HeaderView, { name, key = '', identifier }: Component): string {
    const found = dictionaryIn(headers, name).get(key);
    return found?.text ?? fail('missing_header', `The message has no ${excerpt(identifier)}, which is signed.`);
  }

  function serialised(headers: HeaderView, name: string): string {
    if (dictionaries.test(name)) return serialiseDictionary(dictionaryIn(headers, name));
    if (items.test(name)) return serialiseItem(name, required(headers, name));
    return fail('malformed_field', `The type of the field ${excerpt(name)} is not known, so sf cannot be had.`);
  }

  function derived({ name, parameter = '', ofRequest }: Component): string {
    if (name === '@status' && answer && !ofRequest) return `${answer.status}`;
    if (name === '@query-param') {
      parameters ??= queryParameters(queryOf(request));
      return parameters(parameter);
    }
    const value = derivations[name];
    return value ? value(request) : fail('malformed_field', `${name} is not a component of a request.`);
  }

  function field(component: Component): string {
    const { name, form, key, ofRequest } = component;
    const headers = answer && !ofRequest ? answer.headers : request.headers;
    if (key !== undefined) return member(headers, component);
    if (form === 'bs') return bytesOf(headers, name);
    return form === 'sf' ? serialised(headers, name) : required(headers, name);
  }

  function made(component: Component): string {
    const { name, identifier, ofRequest } = component;
    const isDerived = name.startsWith('@');
    const ofRequestOnly = isDerived && name !== '@status';
    if (answer ? ofRequestOnly && !ofRequest : ofRequest) {
      fail('malformed_field', `${excerpt(identifier)} takes req in the signature of an answer, and only there.`);
    }
    return isDerived ? derived(component) : field(component);
  }

  return (component) => {
    const before = known.get(component.identity);
    if (before !== undefined) return before;
    const value = made(component);
    known.set(component.identity, value);
    return value;
  };
}

// The form on the wire, not the normalised one, because that is what every other implementation takes. Where something on
// the way rewrites a target, as WebKit does with %7E, the signature breaks: see docs/rfc9421.md.
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

function bytesOf(headers: HeaderView, name: string): string {
  const lines = headers.lines?.(name);
  if (!lines)
    return fail('malformed_field', `The lines of ${excerpt(name)} cannot be told apart here, so bs cannot be had.`);
  if (!lines.length) fail('missing_header', `The message lacks ${excerpt(name)}, which is signed.`);
  return lines.map((line) => `:${base64(utf8(fieldValue({ get: () => line }, name) ?? ''))}:`).join(', ');
}
