import { bytesToSign, decodeUtf8, utf8 } from '../core/encoding.ts';
import { SignatureError } from '../core/errors.ts';
import type { HeaderView, Message } from '../core/message.ts';
import type { PresentedSignature, Scheme, ToSign } from '../core/scheme.ts';
import type { Difference, DifferenceCode } from './difference.ts';

/** A request as it may have been signed. */
export type Guess = {
  readonly message: Message;
  readonly body: Uint8Array;
  /** Changes the string to sign to the form that the caller may have used. @default unchanged */
  readonly written?: (text: string) => ToSign;
};

/** A possible difference between the signed and the received request. */
export type Variation = {
  /** Variations of the same part exclude each other. */
  readonly part: 'address' | 'path' | 'query' | 'method' | 'fields' | 'body' | 'string';
  readonly code: DifferenceCode;
  /** @returns the same guess if there is nothing to change. */
  change(guess: Guess): Guess;
  /** Describes the signed and the received value. */
  describe(signed: Guess, received: Guess): string;
  readonly remedy: string;
};

/** Applies a variation. Returns the same guess if its text cannot be converted, such as half a surrogate pair. */
export function changeBy({ change }: Variation, guess: Guess): Guess {
  try {
    return change(guess);
  } catch (error) {
    if (error instanceof URIError || error instanceof TypeError) return guess;
    throw error;
  }
}

/** Converts a variation with which the signature fits. */
export const toDifference = ({ code, describe, remedy }: Variation, signed: Guess, received: Guess): Difference => ({
  code,
  message: describe(signed, received),
  remedy,
  proven: true,
});

/** Returns the size of what a variation may change and a scheme may read, without the body: target and headers, in characters. */
export function measureMessage({ target, headers }: Message): number {
  let size = target.length;
  for (const name of headers.keys?.() ?? []) size += name.length + (headers.get(name)?.length ?? 0);
  return size;
}

/** A guess as read by a scheme, with its string to sign. */
export type Reading = {
  readonly presented: PresentedSignature;
  /** Undefined if the signed bytes are not text. */
  readonly text: string | undefined;
  readonly data: Uint8Array;
};

/** Whether the string to sign depends on the bytes of the body. */
export const dependsOnBody = ({ presented }: Reading): boolean => typeof presented.stringToSign === 'function';

/** Reads a guess; undefined if the scheme cannot read it. */
export function tryRead(scheme: Scheme, guess: Guess): Reading | undefined {
  try {
    return requireReading(scheme, guess);
  } catch (error) {
    if (error instanceof SignatureError) return undefined;
    throw error;
  }
}

/**
 * @throws SignatureError with the codes of the scheme's `read`.
 */
export function requireReading(scheme: Scheme, { message, body, written }: Guess): Reading {
  const presented = scheme.read(message);
  const { stringToSign } = presented;
  const made = typeof stringToSign === 'function' ? stringToSign(body) : stringToSign;
  const text = decodeText(made);
  if (!written) return { presented, text, data: bytesToSign(made) };
  const changed = text === undefined ? made : written(text);
  return { presented, text: decodeText(changed), data: bytesToSign(changed) };
}

function decodeText(signed: ToSign): string | undefined {
  if (typeof signed === 'string') return signed;
  const text = decodeUtf8(signed);
  return sameBytes(utf8(text), signed) ? text : undefined;
}

/** Whether two byte strings are equal. Not in constant time. */
export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, place) => byte === b[place]);

/** Changes path and query, both as on the wire and normalised. */
export function changeTarget(guess: Guess, change: (target: string) => string): Guess {
  const { message } = guess;
  const target = change(message.target);
  const rawTarget = change(message.rawTarget);
  const same = target === message.target && rawTarget === message.rawTarget;
  return same ? guess : { ...guess, message: { ...message, target, rawTarget } };
}

/** Changes the value of a header; null removes it. */
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
