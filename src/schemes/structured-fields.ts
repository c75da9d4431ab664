import {
  type BareItem,
  isInnerList,
  parseDictionary,
  parseItem,
  serializeDictionary,
  serializeInnerList,
  serializeItem,
} from 'structured-headers';
import { fail, SignatureError, type SignatureErrorCode } from '../core/errors.ts';

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

/** In characters; above it a field is not parsed. Servers refuse such requests before. */
const longest = 16384;

/**
 * A dictionary, RFC 9651 section 3.2.
 *
 * @param field its name, for the message.
 * @throws SignatureError `malformed_field`
 */
export function dictionaryOf(field: string, value: string): Dictionary {
  const members = new Map<string, Member>();
  for (const [name, member] of parsed(field, value)) {
    members.set(
      name,
      isInnerList(member)
        ? { items: member[0].map(itemOf), parameters: member[1], text: serializeInnerList(member) }
        : itemOf(member),
    );
  }
  return members;
}

/**
 * A dictionary in the one form that RFC 9651 gives it, but for whitespace. Of a name that stands twice the last counts, by
 * that RFC, but not in every parser: two readers of one text would see two things, so it is refused, like other forms of numbers
 * and of base64.
 *
 * @throws SignatureError `malformed_field`
 */
export function canonicalDictionaryOf(field: string, value: string): Dictionary {
  const canonical = serializeDictionary(parsed(field, value));
  if (withoutSpace(canonical) !== withoutSpace(value)) {
    fail('malformed_field', `${field} names something twice, or is not in the form that RFC 9651 gives it.`);
  }
  return dictionaryOf(field, value);
}

/**
 * An Item in the form that RFC 9651 gives it.
 *
 * @throws SignatureError `malformed_field`
 */
export function canonicalItemOf(text: string): Item {
  const item = itemOf(attempt('The identifier', text, parseItem));
  if (withoutSpace(item.text) !== withoutSpace(text)) {
    fail('malformed_field', `${text} names something twice, or is not in the form that RFC 9651 gives it.`);
  }
  return item;
}

/**
 * A value in the form that RFC 9651 gives it, where it is one of the given kind.
 *
 * @throws SignatureError `malformed_field`
 */
export function strictlySerialised(field: string, value: string, kind: 'item' | 'dictionary'): string {
  return kind === 'item' ? itemOf(attempt(field, value, parseItem)).text : serializeDictionary(parsed(field, value));
}

/** Runs what throws `malformed_field`, for the side to which that is another fault. */
export function recoded<Result>(code: SignatureErrorCode, run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    if (error instanceof SignatureError && error.code === 'malformed_field') fail(code, error.message);
    throw error;
  }
}

const parsed = (field: string, value: string) => attempt(field, value, parseDictionary);

const itemOf = (pair: ReturnType<typeof parseItem>): Item => {
  const [value, parameters] = pair;
  return { value, parameters, text: serializeItem(pair) };
};

function attempt<Result>(field: string, value: string, parse: (value: string) => Result): Result {
  if (value.length > longest) fail('malformed_field', `${field} has more than ${longest} characters.`);
  try {
    return parse(value);
  } catch {
    return fail('malformed_field', `${field} is no well-formed structured field (RFC 9651).`);
  }
}

const withoutSpace = (text: string): string => text.replace(/[ \t]/g, '');
