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

/** By name, in the order in which they stood. */
export type Parameters = ReadonlyMap<string, BareItem>;

/** An Item of RFC 9651. */
export type Item = {
  readonly value: BareItem;
  readonly parameters: Parameters;
  /** As RFC 9651 section 4.1 serialises it. */
  readonly text: string;
};

/** A member of a dictionary: an Item, or an Inner List of them. */
export type Member =
  | (Item & { readonly items?: never })
  | { readonly items: readonly Item[]; readonly parameters: Parameters; readonly text: string; readonly value?: never };

export type Dictionary = ReadonlyMap<string, Member>;

/**
 * In characters; a longer field is not parsed, because parsing is what costs most of all that a stranger can ask for. A signature
 * over twenty components takes about 500.
 */
const longest = 4096;

/**
 * A dictionary, RFC 9651 section 3.2.
 *
 * @param field its name, for the message.
 * @throws SignatureError `malformed_field`
 */
export function parseDictionary(field: string, value: string): Dictionary {
  const members = new Map<string, Member>();
  for (const [name, member] of attempt(field, value, parseMembers)) {
    members.set(name, isInnerList(member) ? innerListOf(member) : itemOf(member));
  }
  return members;
}

/** A dictionary as RFC 9651 section 4.1.2 serialises it. */
export const serialiseDictionary = (members: Dictionary): string =>
  [...members]
    .map(([name, { value, text }]) => name + (value === true ? text.slice('?1'.length) : `=${text}`))
    .join(', ');

/**
 * A dictionary in the one form that RFC 9651 gives it, but for whitespace. Of a name that stands twice the last counts, by
 * that RFC, but not in every parser: two readers of one text would see two things, so it is refused, like other forms of numbers
 * and of base64.
 *
 * @throws SignatureError `malformed_field`
 */
export function canonicaliseDictionary(field: string, value: string): Dictionary {
  const members = parseDictionary(field, value);
  if (withoutSpace(serialiseDictionary(members)) !== withoutSpace(value)) {
    fail('malformed_field', `${field} names something twice, or is not in the form that RFC 9651 gives it.`);
  }
  return members;
}

/**
 * An Item in the form that RFC 9651 gives it.
 *
 * @throws SignatureError `malformed_field`
 */
export function canonicaliseItem(text: string): Item {
  const item = itemOf(attempt('The identifier', text, parseItem));
  if (withoutSpace(item.text) !== withoutSpace(text)) {
    fail('malformed_field', `${excerpt(text)} names something twice, or is not in the form that RFC 9651 gives it.`);
  }
  return item;
}

/**
 * The Item of a field as RFC 9651 section 4.1 serialises it.
 *
 * @throws SignatureError `malformed_field`
 */
export const serialiseItem = (field: string, value: string): string => itemOf(attempt(field, value, parseItem)).text;

/** Runs what throws `malformed_field`, for the side to which that is another fault. */
export function recodeField<Result>(code: SignatureErrorCode, run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    if (error instanceof SignatureError && error.code === 'malformed_field') fail(code, error.message);
    throw error;
  }
}

const itemOf = (pair: ReturnType<typeof parseItem>): Item => {
  const [value, parameters] = pair;
  return { value, parameters, text: serializeItem(pair) };
};

function innerListOf([inner, parameters]: InnerList): Member {
  const items = inner.map(itemOf);
  return { items, parameters, text: `(${items.map(({ text }) => text).join(' ')})${serializeParameters(parameters)}` };
}

function attempt<Result>(field: string, value: string, parse: (value: string) => Result): Result {
  if (value.length > longest) fail('malformed_field', `${field} has more than ${longest} characters.`);
  try {
    return parse(value);
  } catch {
    return fail('malformed_field', `${field} is no well-formed structured field (RFC 9651).`);
  }
}

const withoutSpace = (text: string): string => text.replace(/[ \t]/g, '');
