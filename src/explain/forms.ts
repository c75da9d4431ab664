import { base64, base64url, decodeBase64, decodeHex, decodeUtf8, hex } from '../core/encoding.ts';
import { SignatureError } from '../core/errors.ts';
import type { Message } from '../core/message.ts';
import type { Scheme } from '../core/scheme.ts';
import { combinations } from './combinations.ts';
import type { Difference, DifferenceCode } from './difference.ts';
import { changeHeader, type Guess } from './variation.ts';

/** A correction of a field to the form that the scheme demands. */
type Repair = {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly code: DifferenceCode;
  readonly label: string;
};

/** A request with corrected fields. */
export type Repaired = {
  readonly guess: Guess;
  differences(): readonly Difference[];
  /** Replaces the corrected values in a string to sign by those of the caller. */
  written(text: string): string;
};

/**
 * Corrects up to three fields of a request, so that a malformed field does not hide other differences. Yields each combination, whether
 * the scheme can read it or not, so that the caller can count them.
 */
export function* repairRequest(scheme: Scheme, received: Guess): Generator<Repaired> {
  const repairs = listRepairs(scheme, received);
  for (const size of [1, 2, 3]) {
    for (const chosen of combinations(repairs, { size, kindOf: ({ name }) => name }))
      yield toRepaired(received, chosen);
  }
}

const toRepaired = (received: Guess, chosen: readonly Repair[]): Repaired => ({
  guess: chosen.reduce((changed, { name, to }) => changeHeader(changed, name, to), received),
  differences: () =>
    chosen.map(({ code, label, name }) => ({
      code,
      message: `${name} has another form: ${label}.`,
      remedy: `In the caller's code, write ${name} as the scheme demands.`,
      proven: true,
    })),
  written: (text) => chosen.reduce(replaceValue, text),
});

/** How much longer a string to sign may become by the values of the caller, in characters: a short value may occur in it often. */
const mostGrowth = 65_536;

/** Replaces a corrected value by that of the caller, unless that would make the text much longer. */
function replaceValue(text: string, { from, to }: Repair): string {
  if (to === '') return text;
  let count = 0;
  for (let place = text.indexOf(to); place >= 0; place = text.indexOf(to, place + to.length)) count++;
  return count * (from.length - to.length) > mostGrowth ? text : text.replaceAll(to, () => from);
}

function listRepairs(scheme: Scheme, { message }: Guess): readonly Repair[] {
  const samples = createSamples(scheme, message);
  return scheme.fields.flatMap((name) => {
    const from = message.headers.get(name);
    if (from === null || from.length > 1024) return [];
    return [...timeForms(from), ...encodingForms(from, samples(name)), ...spellingForms(from)]
      .filter(({ to }) => to !== from)
      .map((repair) => ({ name, from, ...repair }));
  });
}

type Form = Pick<Repair, 'to' | 'code' | 'label'>;

function timeForms(from: string): readonly Form[] {
  const unit = (to: number, label: string): Form => ({ code: 'timestamp-unit', to: `${Math.floor(to)}`, label });
  if (/^\d{13}$/.test(from)) return [unit(Number(from) / 1e3, 'in milliseconds instead of seconds')];
  if (/^\d{16}$/.test(from)) return [unit(Number(from) / 1e6, 'in microseconds instead of seconds')];
  if (/^\d{19}$/.test(from)) return [unit(Number(from) / 1e9, 'in nanoseconds instead of seconds')];
  if (/^\d{9,11}$/.test(from)) return [unit(Number(from) * 1e3, 'in seconds instead of milliseconds')];
  if (/^\d{9,11}\.\d+$/.test(from)) return [unit(Number(from), 'with a fraction instead of whole seconds')];
  const time = /^\d{4}-\d\d-\d\d|^\w{3}, \d/.test(from) ? Date.parse(from) : Number.NaN;
  return time >= 0
    ? [unit(time / 1e3, 'as a date instead of Unix time'), unit(time, 'as a date instead of Unix time')]
    : [];
}

const spellingForms = (from: string): readonly Form[] =>
  [
    {
      to: from
        .trim()
        .replace(/^(["'])(.*)\1$/, '$2')
        .trim(),
      label: 'with quotes or spaces around it',
    },
    { to: from.toLowerCase(), label: 'in upper case' },
    { to: from.toUpperCase(), label: 'in lower case' },
    { to: from.replace(/;\s+|,\s*|\s+/g, ';'), label: 'with other separators' },
    {
      to: from
        .split(/[;,\s]+/)
        .sort()
        .join(';')
        .toLowerCase(),
      label: 'not in order',
    },
  ].map((form) => ({ code: 'field-form', ...form }));

type Codec = { readonly label: string; encode(bytes: Uint8Array): string };

const codecs: readonly Codec[] = [
  { label: 'hex', encode: hex },
  { label: 'hex in upper case', encode: (bytes) => hex(bytes).toUpperCase() },
  { label: 'base64', encode: base64 },
  { label: 'base64url', encode: base64url },
];

/** Finds 32 bytes in a text, in any encoding. */
function findBytes(text: string): ReadonlyArray<{ readonly label: string; readonly bytes: Uint8Array }> {
  const [digits] = /(?<![\da-f])[\da-f]{64}(?![\da-f])/i.exec(text) ?? [];
  const [letters] = /(?<![\w+/-])[\w+/-]{43}=?(?![\w+/=-])/.exec(text) ?? [];
  const [twice] = /(?<![\w+/-])[\w+/-]{86}(?:==)?(?![\w+/=-])/.exec(text) ?? [];
  const inner = twice === undefined ? '' : decodeUtf8(decodeBase64(twice));
  return [
    ...(digits === undefined
      ? []
      : [
          {
            label: digits === digits.toLowerCase() ? 'hex' : 'hex in upper case',
            bytes: decodeHex(digits.toLowerCase()),
          },
        ]),
    ...(letters === undefined
      ? []
      : [{ label: /[_-]/.test(letters) ? 'base64url' : 'base64', bytes: decodeBase64(letters) }]),
    ...(/^[\da-f]{64}$/i.test(inner) ? [{ label: 'the base64 of hex', bytes: decodeHex(inner.toLowerCase()) }] : []),
  ];
}

/** Rewrites a field with 32 bytes in the form of a sample of the scheme. */
function encodingForms(from: string, samples: readonly Sample[]): readonly Form[] {
  return samples.flatMap(({ text, run, code, encode, label: expected }) =>
    findBytes(from).map(({ label, bytes }) => ({
      code,
      to: text.replace(run, encode(bytes)),
      label: label === expected ? `not as ${text.replace(run, '…')}` : `in ${label} instead of ${expected}`,
    })),
  );
}

type Sample = Codec & {
  /** A whole field, as the scheme writes it. */
  readonly text: string;
  /** The part of the field that encodes the bytes. */
  readonly run: string;
  readonly code: DifferenceCode;
};

const signature = new Uint8Array(32).fill(0xa5);
const sha256 = new Uint8Array(32).fill(0x5a);

/** Creates samples of the fields of a scheme with a dummy signature and digest, to find out how the scheme encodes them. */
function createSamples(scheme: Scheme, message: Message): (name: string) => readonly Sample[] {
  let headers: Readonly<Record<string, string>>;
  try {
    const prepared = scheme.prepare({
      message,
      accessKey: 'sample',
      time: Date.UTC(2020, 0),
      nonce: 'sample-nonce-1234',
      body: { kind: 'digest', sha256 },
      signedHeaders: [],
    });
    headers = prepared.headers(signature);
  } catch (error) {
    // Some schemes need values that are unknown here, such as another form of nonce.
    if (error instanceof SignatureError) return () => [];
    throw error;
  }
  const fields = Object.entries(headers).map(([name, text]) => ({ name: name.toLowerCase(), text }));
  return (name) =>
    fields.flatMap((field) => {
      if (field.name !== name) return [];
      return codecs.flatMap((codec) => [
        ...keepIfPresent({ ...codec, text: field.text, run: codec.encode(signature), code: 'signature-encoding' }),
        ...keepIfPresent({ ...codec, text: field.text, run: codec.encode(sha256), code: 'field-form' }),
      ]);
    });
}

const keepIfPresent = (sample: Sample): readonly Sample[] => (sample.text.includes(sample.run) ? [sample] : []);
