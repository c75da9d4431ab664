import { readBody } from '../core/body.ts';
import { base64, decodeBase64, utf8 } from '../core/encoding.ts';
import type { Message } from '../core/message.ts';
import type { DifferenceCode } from './difference.ts';
import { type Effort, lazy, spend } from './effort.ts';
import { isTooDeep, jsonForms, type WrittenForm } from './json-forms.ts';
import { decodeOrKeep } from './path.ts';
import { type Guess, sameBytes, type Variation } from './variation.ts';

/** The maximum size of a decompressed body, as a multiple of the maximum size of a body. */
const maxGrowth = 4;

/**
 * Variations of the body. A form is computed, and its cost spent, when it is first tried; only the decompression of a compressed body
 * happens immediately.
 */
export async function bodyVariations({ message, body }: Guess, effort: Effort): Promise<readonly Variation[]> {
  if (body.length > effort.maxFormSize) {
    effort.leftOut.add('body-size');
    return [];
  }
  if (!spend(effort, costs.list * body.length)) {
    effort.leftOut.add('body-forms');
    return [];
  }
  const forms = [
    ...(await listDecodedForms(message, body, effort)),
    ...listTextForms(body, effort),
    ...listByteForms(body),
    ...replacements,
  ];
  return forms.map((form) => toVariation(form, { body, effort }));
}

type Form = {
  readonly code: DifferenceCode;
  /** The signed body, for the message "The caller signed …". */
  readonly label: string;
  readonly remedy: string;
  /** The cost of computing the form, in hashes of the body. @default 1 */
  readonly cost?: number;
  /** Returns undefined if the body has no such form. */
  bytes(): Uint8Array | undefined;
};

type Making = { readonly body: Uint8Array; readonly effort: Effort };

function toVariation({ code, label, remedy, cost = 1, bytes }: Form, { body, effort }: Making): Variation {
  const computeBytes = lazy(() => {
    if (spend(effort, cost * body.length)) return bytes();
    effort.leftOut.add('body-forms');
    return undefined;
  });
  return {
    part: 'body',
    code,
    change: (guess) => {
      const other = computeBytes();
      return other === undefined || sameBytes(guess.body, other) ? guess : { ...guess, body: other };
    },
    describe: (signed, received) =>
      `The caller signed ${label}: ${signed.body.length} bytes; ${received.body.length} were received.`,
    remedy,
  };
}

const wireRemedy =
  "In the caller's code, sign the bytes that are sent: create them once, sign them, and pass the same bytes to the HTTP client.";
const changedRemedy = `${wireRemedy} Or a proxy, or a parser before the verifier, changes them.`;

function listTextForms(body: Uint8Array, effort: Effort): readonly Form[] {
  const text = decodeText(body);
  if (text === undefined) return [];
  const breaks: readonly WrittenForm[] = [
    { label: 'the body without the final line break', text: () => text.replace(/\r?\n$/, '') },
    { label: 'the body with a final line break (LF)', text: () => `${text}\n` },
    { label: 'the body with a final CRLF', text: () => `${text}\r\n` },
    { label: 'the body with LF instead of CRLF', text: () => text.replace(/\r\n/g, '\n') },
    { label: 'the body with CRLF instead of LF', text: () => text.replace(/\r?\n/g, '\r\n') },
    { label: 'the body without leading and trailing white space', text: () => text.trim() },
    { label: 'the body without trailing white space', text: () => text.trimEnd() },
  ];
  const marks: readonly WrittenForm[] = [
    { label: 'the body without its byte order mark', text: () => text.replace(/^\ufeff/, '') },
    { label: 'the body with a leading byte order mark', text: () => `\ufeff${text}` },
  ];
  const forms: readonly WrittenForm[] = [
    { label: 'the form, encoded by URLSearchParams', text: () => new URLSearchParams(text).toString() },
    { label: 'the form before it was encoded', text: () => decodeOrKeep(text.replace(/\+/g, ' ')) },
    { label: 'the form before it was encoded, with +', text: () => decodeOrKeep(text) },
    { label: 'the form, with spaces as %20', text: () => text.replace(/\+/g, '%20') },
    { label: 'the form, with spaces as +', text: () => text.replace(/%20/g, '+') },
  ];
  const form = /^[^\s=&]+=[^\s]*$/.test(text) ? forms : [];
  const unicodeForms: readonly WrittenForm[] = [
    { label: 'the body in Unicode normalisation form C', text: () => normalise(text, { form: 'NFC', effort }) },
    { label: 'the body in Unicode normalisation form D', text: () => normalise(text, { form: 'NFD', effort }) },
    { label: 'the body, encoded as UTF-8 twice', text: () => utf8Twice(body) },
  ];
  const createForm =
    (code: DifferenceCode, cost: number) =>
    ({ label, text: changed }: WrittenForm): Form => ({
      ...{ code, label, cost, remedy: changedRemedy },
      bytes: () => encodeIfPresent(changed()),
    });
  return [
    // Before the line breaks, because trimming also removes a byte order mark.
    ...marks.map(createForm('body-byte-order-mark', costs.copy)),
    ...breaks.map(createForm('body-line-breaks', costs.copy)),
    ...listJsonForms(text, effort),
    ...form.map(createForm('body-serialised', costs.rewrite)),
    ...unicodeForms.map(createForm('body-encoding', costs.rewrite)),
    {
      ...{ code: 'body-encoding', label: 'the body in Latin-1', remedy: wireRemedy, cost: costs.rewrite },
      bytes: () => encodeLatin1(text),
    },
  ];
}

/** The cost of forms, in hashes of the body. */
const costs = { list: 4, copy: 1, rewrite: 4, json: 10 } as const;

// UAX #15, "Stream-Safe Text Format": no text of any language has more. Combining marks in a row are sorted in quadratic time.
const manyMarks = /\p{M}{31}/u;

function normalise(
  text: string,
  { form, effort }: { readonly form: 'NFC' | 'NFD'; readonly effort: Effort },
): string | undefined {
  if (!manyMarks.test(text)) return text.normalize(form);
  effort.leftOut.add('body-forms');
  return undefined;
}

const encodeIfPresent = (text: string | undefined): Uint8Array | undefined =>
  text === undefined ? undefined : utf8(text);

/** The forms of JSON, each also with a final line break. */
function listJsonForms(text: string, effort: Effort): readonly Form[] {
  if (isTooDeep(text)) {
    effort.leftOut.add('json-depth');
    return [];
  }
  const shared = { code: 'body-serialised', remedy: changedRemedy } as const;
  return jsonForms(text).flatMap(({ label, text: written, growth = 1 }): readonly Form[] => {
    const json = lazy(written);
    return [
      { ...shared, label, cost: costs.json * growth, bytes: () => encodeIfPresent(json()) },
      {
        ...{ ...shared, label: `${label}, with a final line break`, cost: costs.copy * growth },
        bytes: () => encodeIfPresent(withLineBreak(json())),
      },
    ];
  });
}

const withLineBreak = (json: string | undefined): string | undefined => (json === undefined ? undefined : `${json}\n`);

function listByteForms(body: Uint8Array): readonly Form[] {
  const decoded = decodeText(body);
  const text = decoded ?? '';
  const isBase64 = /^[A-Za-z\d+/]{4,}={0,2}\s*$/.test(text) && text.trim().length % 4 === 0;
  const createCodingForm = (label: string, bytes: () => Uint8Array): Form => ({
    ...{ code: 'body-coding', label, bytes, cost: costs.rewrite },
    remedy: 'A gateway between caller and verifier encodes or decodes the body: verify the bytes that the caller sent.',
  });
  return [
    ...(decoded === undefined ? [decodedFromLatin1(body)] : []),
    ...(isBase64 ? [createCodingForm('the body, decoded from base64', () => decodeBase64(text.trim()))] : []),
    ...(body.length ? [createCodingForm('the body, encoded as base64', () => utf8(encodeBase64(body)))] : []),
  ];
}

/** The form of a body that was sent with one byte for each character, and signed in UTF-8. */
const decodedFromLatin1 = (body: Uint8Array): Form => ({
  ...{ code: 'body-encoding', label: 'the body in UTF-8, before it was encoded as Latin-1', remedy: wireRemedy },
  cost: costs.rewrite,
  bytes: () => utf8(utf8Twice(body)),
});

/** The form without content coding: the caller signed it before compression, or a proxy decompressed and compressed it again. */
async function listDecodedForms({ headers }: Message, body: Uint8Array, effort: Effort): Promise<readonly Form[]> {
  const coding = headers.get('content-encoding')?.trim().toLowerCase();
  const format = coding === 'gzip' || coding === 'x-gzip' ? 'gzip' : coding === 'deflate' ? 'deflate' : undefined;
  if (!format || typeof DecompressionStream === 'undefined') return [];
  if (!spend(effort, maxGrowth * effort.maxFormSize)) {
    effort.leftOut.add('body-forms');
    return [];
  }
  // lib.dom and the types of Node define streams of bytes differently.
  const stream = new Response(body as BodyInit).body?.pipeThrough(
    new DecompressionStream(format) as unknown as ReadableWritablePair<Uint8Array, Uint8Array>,
  );
  const bytes = await readBody(new Response(stream as unknown as BodyInit), maxGrowth * effort.maxFormSize).catch(
    () => undefined,
  );
  if (!bytes) return [];
  const remedy =
    "In the caller's code, compress first and sign the result. Or use a scheme on both sides that signs the compressed bytes.";
  const label = `the body before it was compressed with ${format}`;
  return [{ code: 'body-coding', label, remedy, bytes: () => bytes }];
}

const replacements: readonly Form[] = ['', '{}', 'null', 'undefined', '[]', '""', '[object Object]', 'None'].map(
  (text) => ({
    code: 'body-replaced',
    label: text === '' ? 'no body' : `the body ${text}`,
    remedy: `${wireRemedy} Here it signed before the body was available, or it signed a value that was not serialised.`,
    cost: 0,
    bytes: () => utf8(text),
  }),
);

function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Decodes each byte as one character, so that encoding the result as UTF-8 encodes twice. */
function utf8Twice(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

function encodeLatin1(text: string): Uint8Array | undefined {
  if (/[^\0-\xff]/.test(text)) return undefined;
  const bytes = new Uint8Array(text.length);
  for (let place = 0; place < text.length; place++) bytes[place] = text.charCodeAt(place);
  return bytes;
}

// In parts of whole triples, because the number of arguments of a call is limited.
function encodeBase64(bytes: Uint8Array): string {
  let text = '';
  for (let start = 0; start < bytes.length; start += 24_576) text += base64(bytes.subarray(start, start + 24_576));
  return text;
}
