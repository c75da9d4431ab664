import { SignatureError } from '../../core/errors.ts';
import type { HeaderView, Message } from '../../core/message.ts';
import type { Scheme, ToSign } from '../../core/scheme.ts';
import type { Bytes } from './body.ts';

type Signed = { readonly scheme: Scheme; readonly message: Message; readonly body: Bytes };

/** In characters. A string to sign may contain the body. */
const longest = 8192;

/** In bytes or characters. Nothing is made of a larger body or string, because each refusal would repeat it. */
const most = 65_536;

/**
 * Returns the string to sign as text. The caller chooses which headers it names, and a proxy may have added secret ones: the values of
 * all but those of the scheme are masked.
 */
export function shownString({ scheme, message, body }: Signed): string | undefined {
  const made = stringToSign({ scheme, message, body });
  if (!made || 'reason' in made) return made?.reason;
  const masked = stringToSign({ scheme, message: maskedMessage(message, scheme), body });
  if (!masked || 'reason' in masked) return undefined;
  const text = made.text === masked.text ? made.text : maskedText(made.text.split('\n'), masked.text.split('\n'));
  return text !== undefined && text.length > longest ? `${text.slice(0, longest)}… (${text.length} characters)` : text;
}

/** The text, or why it is not shown. */
type Made = { readonly text: string } | { readonly reason: string };

function stringToSign({ scheme, message, body }: Signed): Made | undefined {
  try {
    const { stringToSign: signed } = scheme.read(message);
    if (typeof signed !== 'function') return asText(signed);
    if (body && body.length > most) return { reason: `(not shown: it is made of a body of ${body.length} bytes)` };
    return body && asText(signed(body));
  } catch (error) {
    if (error instanceof SignatureError) return undefined;
    throw error;
  }
}

function asText(signed: ToSign): Made | undefined {
  if (signed.length > most) return { reason: `(not shown: it has ${signed.length} characters)` };
  if (typeof signed === 'string') return { text: signed };
  try {
    return { text: utf8Only.decode(signed) };
  } catch {
    return undefined;
  }
}

// Native: to encode the text again and compare the bytes takes ten times as long.
const utf8Only = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function maskedText(lines: readonly string[], masked: readonly string[]): string | undefined {
  if (masked.length !== lines.length) return undefined;
  return lines.map((line, place) => shownLine(line, masked[place] ?? '')).join('\n');
}

/** A line that depends on masked values is shown with the mask, or not at all: a hash of a short value lets it be guessed. */
function shownLine(line: string, masked: string): string {
  if (masked === line) return line;
  return mask.test(masked) ? masked : '(not shown: it depends on other headers)';
}

const mask = /\(\d+ characters\)/;

const maskValue = (value: string): string => `(${value.length} characters)`;

const harmless = ['content-type', 'content-digest', 'content-length', 'date', 'host'];

/** Masks the values of all headers but those of the scheme, which are the caller's own: a proxy may have added the others. */
export function maskedMessage(message: Message, { fields }: Pick<Scheme, 'fields'>): Message {
  const shown = [...fields, ...harmless];
  return { ...message, headers: maskedHeaders(message.headers, shown) };
}

function maskedHeaders(headers: HeaderView, shown: readonly string[]): HeaderView {
  const isShown = (name: string): boolean => shown.includes(name.toLowerCase());
  return {
    get(name) {
      const value = headers.get(name);
      return value === null || isShown(name) ? value : maskValue(value);
    },
    keys: () => headers.keys?.() ?? [],
    lines(name) {
      const lines = headers.lines?.(name) ?? [headers.get(name) ?? []].flat();
      return isShown(name) ? lines : lines.map(maskValue);
    },
  };
}
