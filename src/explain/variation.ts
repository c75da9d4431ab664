import { bytesToSign, decodeUtf8, utf8 } from '../core/encoding.ts';
import { SignatureError } from '../core/errors.ts';
import type { HeaderView, Message } from '../core/message.ts';
import type { PresentedSignature, Scheme, ToSign } from '../core/scheme.ts';
import type { Difference, DifferenceCode } from './difference.ts';

/** A request as it may have been signed. */
export type Guess = {
  readonly message: Message;
  readonly body: Uint8Array;
  /** How the string to sign may have been written. @default as it should be */
  readonly written?: (text: string) => ToSign;
};

/** One way in which what was signed may differ from what was received. */
export type Variation = {
  /** Two of one part exclude each other. */
  readonly part: 'address' | 'path' | 'query' | 'method' | 'fields' | 'body' | 'string';
  readonly code: DifferenceCode;
  /** @returns the guess itself where there is nothing to change. */
  change(guess: Guess): Guess;
  /** What was signed, and what was received. */
  tell(signed: Guess, received: Guess): string;
  readonly remedy: string;
};

/** The guess, changed; the guess itself where it holds what cannot be changed so, as half a character. */
export function changeBy({ change }: Variation, guess: Guess): Guess {
  try {
    return change(guess);
  } catch (error) {
    if (error instanceof URIError || error instanceof TypeError) return guess;
    throw error;
  }
}

/** A difference that has been found. */
export const toDifference = ({ code, tell, remedy }: Variation, signed: Guess, received: Guess): Difference => ({
  code,
  message: tell(signed, received),
  remedy,
  proven: true,
});

/** What a scheme reads in a guess, and what it has to be signed for that. */
export type Reading = {
  readonly presented: PresentedSignature;
  /** Undefined where bytes are signed that are no text. */
  readonly text: string | undefined;
  readonly data: Uint8Array;
};

/** Whether the string to sign is made of the body's bytes, and so another body makes another string. */
export const isMadeOfBody = ({ presented }: Reading): boolean => typeof presented.stringToSign === 'function';

/** What a guess comes to; undefined for one that the scheme cannot read. */
export function tryRead(scheme: Scheme, guess: Guess): Reading | undefined {
  try {
    return requireReading(scheme, guess);
  } catch (error) {
    if (error instanceof SignatureError) return undefined;
    throw error;
  }
}

/**
 * @throws SignatureError what the scheme's `read` throws.
 */
export function requireReading(scheme: Scheme, { message, body, written }: Guess): Reading {
  const presented = scheme.read(message);
  const { stringToSign } = presented;
  const made = typeof stringToSign === 'function' ? stringToSign(body) : stringToSign;
  const text = textOf(made);
  if (!written) return { presented, text, data: bytesToSign(made) };
  const changed = text === undefined ? made : written(text);
  return { presented, text: textOf(changed), data: bytesToSign(changed) };
}

function textOf(signed: ToSign): string | undefined {
  if (typeof signed === 'string') return signed;
  const text = decodeUtf8(signed);
  return sameBytes(utf8(text), signed) ? text : undefined;
}

/** Whether two byte strings are the same; takes less time where they are not. */
export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, place) => byte === b[place]);

/** The guess, to another path and query: both as they go on the wire and as they are normalised. */
export function changeTarget(guess: Guess, change: (target: string) => string): Guess {
  const { message } = guess;
  const target = change(message.target);
  const rawTarget = change(message.rawTarget);
  const same = target === message.target && rawTarget === message.rawTarget;
  return same ? guess : { ...guess, message: { ...message, target, rawTarget } };
}

/** The guess, with another value of one header; none where it is null. */
export function changeHeader(guess: Guess, name: string, value: string | null): Guess {
  const { message } = guess;
  const { headers } = message;
  if (headers.get(name) === value) return guess;
  const is = (other: string): boolean => other.toLowerCase() === name;
  const view: HeaderView = {
    get: (other) => (is(other) ? value : headers.get(other)),
    keys: () => [
      ...new Set([...[...(headers.keys?.() ?? [])].filter((other) => !is(other)), ...(value === null ? [] : [name])]),
    ],
    lines: (other) => (is(other) ? (value === null ? [] : [value]) : (headers.lines?.(other) ?? [])),
  };
  return { ...guess, message: { ...message, headers: view } };
}
