import { readBody } from '../core/body.ts';
import { base64, decodeBase64, utf8 } from '../core/encoding.ts';
import type { Message } from '../core/message.ts';
import type { DifferenceCode } from './difference.ts';
import { type Effort, lazy, spend } from './effort.ts';
import { isTooDeep, jsonForms, type WrittenForm } from './json-forms.ts';
import { type Guess, sameBytes, type Variation } from './variation.ts';

/** Bodies above this are compared as they are, and nothing is made of them (bytes). */
const most = 2 ** 20;

/**
 * What the caller may have signed in place of the body that was received. A body is made when a variation is first tried, and
 * its cost is spent then. Only a compressed body is decompressed before.
 */
export async function bodyVariations({ message, body }: Guess, effort: Effort): Promise<readonly Variation[]> {
  if (body.length > most) {
    effort.leftOut.add('body-size');
    return [];
  }
  const forms = [...(await uncoded(message, body, effort)), ...ofText(body, effort), ...ofBytes(body), ...replaced];
  return forms.map((form) => variation(form, { body, effort }));
}

type Form = {
  readonly code: DifferenceCode;
  /** What was signed, after "The caller signed". */
  readonly says: string;
  readonly remedy: string;
  /** What making it costs, in hashes of the body. @default 1 */
  readonly cost?: number;
  /** Undefined where the body has no such form. */
  bytes(): Uint8Array | undefined;
};

type Making = { readonly body: Uint8Array; readonly effort: Effort };

function variation({ code, says, remedy, cost = 1, bytes }: Form, { body, effort }: Making): Variation {
  const made = lazy(() => {
    if (spend(effort, cost * body.length)) return bytes();
    effort.leftOut.add('body-forms');
    return undefined;
  });
  return {
    part: 'body',
    code,
    change: (guess) => {
      const other = made();
      return other === undefined || sameBytes(guess.body, other) ? guess : { ...guess, body: other };
    },
    tell: (signed, received) =>
      `The caller signed ${says}: ${signed.body.length} bytes; ${received.body.length} were received.`,
    remedy,
  };
}

const wireRemedy =
  "In the caller's code, sign the bytes that are sent: make them once, sign them, and hand the same ones to the HTTP client.";
const wayRemedy = `${wireRemedy} Or something on the way, or a parser before the verifier, changes them.`;

function ofText(body: Uint8Array, effort: Effort): readonly Form[] {
  const text = textOf(body);
  if (text === undefined) return [];
  const breaks: readonly WrittenForm[] = [
    { says: 'the body without the line break at its end', text: () => text.replace(/\r?\n$/, '') },
    { says: 'the body with a line break (LF) at its end', text: () => `${text}\n` },
    { says: 'the body with CR and LF at its end', text: () => `${text}\r\n` },
    { says: 'the body with LF where CR and LF are', text: () => text.replace(/\r\n/g, '\n') },
    { says: 'the body with CR and LF where LF is', text: () => text.replace(/\r?\n/g, '\r\n') },
    { says: 'the body without the white space around it', text: () => text.trim() },
    { says: 'the body without the white space at its end', text: () => text.trimEnd() },
  ];
  const marks: readonly WrittenForm[] = [
    { says: 'the body without its byte order mark', text: () => text.replace(/^\ufeff/, '') },
    { says: 'the body with a byte order mark before it', text: () => `\ufeff${text}` },
  ];
  const forms: readonly WrittenForm[] = [
    { says: 'the form, encoded as URLSearchParams does', text: () => new URLSearchParams(text).toString() },
    { says: 'the form, with %20 for spaces', text: () => text.replace(/\+/g, '%20') },
    { says: 'the form, with + for spaces', text: () => text.replace(/%20/g, '+') },
  ];
  const form = /^[^\s=&]+=[^\s]*$/.test(text) ? forms : [];
  const spelled: readonly WrittenForm[] = [
    { says: 'the body in Unicode normalisation form C', text: () => text.normalize('NFC') },
    { says: 'the body in Unicode normalisation form D', text: () => text.normalize('NFD') },
    { says: 'the body, encoded as UTF-8 twice', text: () => utf8Twice(body) },
  ];
  const made =
    (code: DifferenceCode, cost: number) =>
    ({ says, text: changed }: WrittenForm): Form => ({
      ...{ code, says, cost, remedy: wayRemedy },
      bytes: () => encoded(changed()),
    });
  return [
    // First, because trimming takes a mark off too.
    ...marks.map(made('body-byte-order-mark', costs.copy)),
    ...breaks.map(made('body-line-breaks', costs.copy)),
    ...ofJson(text, effort),
    ...form.map(made('body-serialised', costs.rewrite)),
    ...spelled.map(made('body-encoding', costs.rewrite)),
    {
      ...{ code: 'body-encoding', says: 'the body in Latin-1', remedy: wireRemedy, cost: costs.rewrite },
      bytes: () => latin1(text),
    },
  ];
}

/** What forms cost, in hashes of the body. */
const costs = { copy: 1, rewrite: 4, json: 10 } as const;

const encoded = (text: string | undefined): Uint8Array | undefined => (text === undefined ? undefined : utf8(text));

/** Each form of the JSON, and each with a line break at its end. */
function ofJson(text: string, effort: Effort): readonly Form[] {
  if (isTooDeep(text)) {
    effort.leftOut.add('json-depth');
    return [];
  }
  const shared = { code: 'body-serialised', remedy: wayRemedy } as const;
  return jsonForms(text).flatMap(({ says, text: written, growth = 1 }): readonly Form[] => {
    const json = lazy(written);
    return [
      { ...shared, says, cost: costs.json * growth, bytes: () => encoded(json()) },
      {
        ...{ ...shared, says: `${says}, with a line break at its end`, cost: costs.copy * growth },
        bytes: () => encoded(withLineBreak(json())),
      },
    ];
  });
}

const withLineBreak = (json: string | undefined): string | undefined => (json === undefined ? undefined : `${json}\n`);

function ofBytes(body: Uint8Array): readonly Form[] {
  const text = textOf(body) ?? '';
  const isBase64 = /^[A-Za-z\d+/]{4,}={0,2}\s*$/.test(text) && text.trim().length % 4 === 0;
  const coded = (says: string, bytes: () => Uint8Array): Form => ({
    ...{ code: 'body-coding', says, bytes, cost: costs.rewrite },
    remedy:
      'Something between caller and verifier codes or decodes the body, as some gateways do: verify the bytes that the caller sent.',
  });
  return [
    ...(isBase64 ? [coded('what the body is the base64 of', () => decodeBase64(text.trim()))] : []),
    ...(body.length ? [coded('the base64 of the body', () => utf8(base64InParts(body)))] : []),
  ];
}

/** Bodies with a content coding that the caller signed before it, or that something on the way undid. */
async function uncoded({ headers }: Message, body: Uint8Array, effort: Effort): Promise<readonly Form[]> {
  const coding = headers.get('content-encoding')?.trim().toLowerCase();
  const format = coding === 'gzip' || coding === 'x-gzip' ? 'gzip' : coding === 'deflate' ? 'deflate' : undefined;
  if (!format || typeof DecompressionStream === 'undefined') return [];
  if (!spend(effort, 4 * most)) {
    effort.leftOut.add('body-forms');
    return [];
  }
  // The types of lib.dom and of Node differ in what a stream of bytes is.
  const stream = new Response(body as BodyInit).body?.pipeThrough(
    new DecompressionStream(format) as unknown as ReadableWritablePair<Uint8Array, Uint8Array>,
  );
  const bytes = await readBody(new Response(stream as unknown as BodyInit), 4 * most).catch(() => undefined);
  if (!bytes) return [];
  const remedy =
    "In the caller's code, compress first and sign what comes of it. Or have the scheme sign what is compressed on both sides.";
  const says = `the body before it was compressed with ${format}`;
  return [{ code: 'body-coding', says, remedy, bytes: () => bytes }];
}

const replaced: readonly Form[] = ['', '{}', 'null', 'undefined', '[]', '""', '[object Object]', 'None'].map(
  (text) => ({
    code: 'body-replaced',
    says: text === '' ? 'no body' : `the body ${text}`,
    remedy: `${wireRemedy} Here it signed something before the body was there, or a value that no text was made of.`,
    cost: 0,
    bytes: () => utf8(text),
  }),
);

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Each byte taken for a character. */
function utf8Twice(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

function latin1(text: string): Uint8Array | undefined {
  if (/[^\0-\xff]/.test(text)) return undefined;
  const bytes = new Uint8Array(text.length);
  for (let place = 0; place < text.length; place++) bytes[place] = text.charCodeAt(place);
  return bytes;
}

// In parts of whole triples, because only so many characters can be handed over at once.
function base64InParts(bytes: Uint8Array): string {
  let text = '';
  for (let start = 0; start < bytes.length; start += 24_576) text += base64(bytes.subarray(start, start + 24_576));
  return text;
}
