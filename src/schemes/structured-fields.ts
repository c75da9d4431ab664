import {
  type BareItem,
  type InnerList,
  isInnerList,
  parseItem,
  parseDictionary as parseMembers,
  serializeItem,
  serializeParameters,
} from 'structured-headers';
import { fail, SignatureError, type SignatureErrorCode } from '../core/errors.ts';
import { excerpt } from '../core/excerpt.ts';

/** Parameters by name, in the order in which they were sent. */
export type Parameters = ReadonlyMap<string, BareItem>;

/** An Item, RFC 9651. */
export type Item = {
  readonly value: BareItem;
  readonly parameters: Parameters;
  /** Serialised by RFC 9651 section 4.1. */
  readonly text: string;
};

/** A member of a dictionary: an Item or an Inner List. */
export type Member =
  | (Item & { readonly items?: never })
  | { readonly items: readonly Item[]; readonly parameters: Parameters; readonly text: string; readonly value?: never };

export type Dictionary = ReadonlyMap<string, Member>;

/**
 * In characters. A longer field is refused unparsed, because parsing is the most expensive step that a stranger can cause. A
 * signature over twenty components takes about 500 characters.
 */
const longest = 4096;

/**
 * Parses a dictionary, RFC 9651 section 3.2.
 *
 * @param field the name of the field, for the message.
 * @throws SignatureError `malformed_field`
 */
function parseDictionary(field: string, value: string): Dictionary {
  const members = new Map<string, Member>();
  for (const [name, member] of tryParse(field, value, parseMembers)) {
    members.set(name, isInnerList(member) ? toInnerList(member) : toItem(member));
  }
  return members;
}

/** Serialises a dictionary by RFC 9651 section 4.1.2. */
export const serialiseDictionary = (members: Dictionary): string =>
  [...members]
    .map(([name, { value, text }]) => name + (value === true ? text.slice('?1'.length) : `=${text}`))
    .join(', ');

/**
 * Parses a dictionary and requires the canonical form of RFC 9651, except for whitespace. RFC 9651 takes the last member of a
 * repeated name, but not every parser does, so two readers could see different values. Repeated names are refused, and so are
 * other spellings of numbers and base64.
 *
 * @throws SignatureError `malformed_field`
 */
export function canonicaliseDictionary(field: string, value: string): Dictionary {
  const members = parseDictionary(field, value);
  if (withoutSpace(serialiseDictionary(members)) !== withoutSpace(value)) {
    fail('malformed_field', `${field} repeats a name or is not in the canonical form of RFC 9651.`);
  }
  return members;
}

/**
 * Parses an Item and requires the canonical form of RFC 9651.
 *
 * @throws SignatureError `malformed_field`
 */
export function canonicaliseItem(text: string): Item {
  const item = toItem(tryParse('The identifier', text, parseItem));
  if (withoutSpace(item.text) !== withoutSpace(text)) {
    fail('malformed_field', `${excerpt(text)} repeats a name or is not in the canonical form of RFC 9651.`);
  }
  return item;
}

/** Calls `run` and replaces the error code `malformed_field`: on the signing side the same fault is not a malformed request. */
export function recodeField<Result>(code: SignatureErrorCode, run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    if (error instanceof SignatureError && error.code === 'malformed_field') fail(code, error.message);
    throw error;
  }
}

const toItem = (pair: ReturnType<typeof parseItem>): Item => {
  const [value, parameters] = pair;
  return { value, parameters, text: serializeItem(pair) };
};

function toInnerList([inner, parameters]: InnerList): Member {
  const items = inner.map(toItem);
  return { items, parameters, text: `(${items.map(({ text }) => text).join(' ')})${serializeParameters(parameters)}` };
}

function tryParse<Result>(field: string, value: string, parse: (value: string) => Result): Result {
  if (value.length > longest) fail('malformed_field', `${field} has more than ${longest} characters.`);
  try {
    return parse(value);
  } catch {
    return fail('malformed_field', `${field} is not a well-formed structured field (RFC 9651).`);
  }
}

const withoutSpace = (text: string): string => text.replace(/[ \t]/g, '');
