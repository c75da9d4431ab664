import { base64, base64url, decodeBase64, decodeHex, decodeUtf8, hex } from '../core/encoding.ts';
import { SignatureError } from '../core/errors.ts';
import type { Message } from '../core/message.ts';
import type { Scheme } from '../core/scheme.ts';
import type { Difference, DifferenceCode } from './difference.ts';
import { changeHeader, type Guess, tryRead } from './variation.ts';

/** A field, written as the scheme takes it. */
type Repair = {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly code: DifferenceCode;
  readonly says: string;
};

/** A request whose fields a scheme can read, and what had to be written otherwise for that. */
export type Repaired = {
  readonly guess: Guess;
  readonly differences: readonly Difference[];
  /** The string to sign, with what the caller wrote in the fields. */
  written(text: string): string;
};

/**
 * Writes fields of a request, three at most, as the scheme takes them: so that one that is written wrongly does not hide what
 * else there is to say.
 */
export function* repairRequest(scheme: Scheme, received: Guess): Generator<Repaired> {
  const repairs = repairsOf(scheme, received);
  for (const count of [1, 2, 3]) {
    for (const chosen of choices(repairs, count)) {
      const guess = chosen.reduce((changed, { name, to }) => changeHeader(changed, name, to), received);
      if (tryRead(scheme, guess)) yield repaired(guess, chosen);
    }
  }
}

const repaired = (guess: Guess, chosen: readonly Repair[]): Repaired => ({
  guess,
  differences: chosen.map(({ code, says, name }) => ({
    code,
    message: `${name} is written in another form: ${says}.`,
    remedy: `In the caller's code, write ${name} as the scheme has it.`,
    proven: true,
  })),
  written: (text) => chosen.reduce((whole, { from, to }) => whole.replaceAll(to, from), text),
});

/** So many of them, of each field one at most. */
function* choices(repairs: readonly Repair[], count: number): Generator<readonly Repair[]> {
  if (count === 0) yield [];
  else {
    for (const [place, one] of repairs.entries()) {
      const later = repairs.slice(place + 1).filter(({ name }) => name !== one.name);
      for (const others of choices(later, count - 1)) yield [one, ...others];
    }
  }
}

function repairsOf(scheme: Scheme, { message }: Guess): readonly Repair[] {
  const samples = samplesOf(scheme, message);
  return scheme.fields.flatMap((name) => {
    const from = message.headers.get(name);
    if (from === null || from.length > 1024) return [];
    return [...times(from), ...encodings(from, samples(name)), ...spellings(from)]
      .filter(({ to }) => to !== from)
      .map((repair) => ({ name, from, ...repair }));
  });
}

type Form = Pick<Repair, 'to' | 'code' | 'says'>;

function times(from: string): readonly Form[] {
  const unit = (to: number, says: string): Form => ({ code: 'timestamp-unit', to: `${Math.floor(to)}`, says });
  if (/^\d{13}$/.test(from)) return [unit(Number(from) / 1e3, 'in milliseconds, where seconds are expected')];
  if (/^\d{16}$/.test(from)) return [unit(Number(from) / 1e6, 'in microseconds, where seconds are expected')];
  if (/^\d{19}$/.test(from)) return [unit(Number(from) / 1e9, 'in nanoseconds, where seconds are expected')];
  if (/^\d{9,11}$/.test(from)) return [unit(Number(from) * 1e3, 'in seconds, where milliseconds are expected')];
  if (/^\d{9,11}\.\d+$/.test(from)) return [unit(Number(from), 'with a fraction, where whole seconds are expected')];
  const time = /^\d{4}-\d\d-\d\d|^\w{3}, \d/.test(from) ? Date.parse(from) : Number.NaN;
  return time >= 0
    ? [unit(time / 1e3, 'as a date, where Unix time is expected'), unit(time, 'as a date, where Unix time is expected')]
    : [];
}

const spellings = (from: string): readonly Form[] =>
  [
    {
      to: from
        .trim()
        .replace(/^(["'])(.*)\1$/, '$2')
        .trim(),
      says: 'with quotes or spaces around it',
    },
    { to: from.toLowerCase(), says: 'in upper case' },
    { to: from.toUpperCase(), says: 'in lower case' },
    { to: from.replace(/;\s+|,\s*|\s+/g, ';'), says: 'with other separators' },
    {
      to: from
        .split(/[;,\s]+/)
        .sort()
        .join(';')
        .toLowerCase(),
      says: 'not in order',
    },
  ].map((form) => ({ code: 'field-form', ...form }));

type Codec = { readonly says: string; encode(bytes: Uint8Array): string };

const codecs: readonly Codec[] = [
  { says: 'hex', encode: hex },
  { says: 'hex in upper case', encode: (bytes) => hex(bytes).toUpperCase() },
  { says: 'base64', encode: base64 },
  { says: 'base64url', encode: base64url },
];

/** 32 bytes that are in a text, in whatever encoding. */
function bytesIn(text: string): ReadonlyArray<{ readonly says: string; readonly bytes: Uint8Array }> {
  const [digits] = /(?<![\da-f])[\da-f]{64}(?![\da-f])/i.exec(text) ?? [];
  const [letters] = /(?<![\w+/-])[\w+/-]{43}=?(?![\w+/=-])/.exec(text) ?? [];
  const [twice] = /(?<![\w+/-])[\w+/-]{86}(?:==)?(?![\w+/=-])/.exec(text) ?? [];
  const inner = twice === undefined ? '' : decodeUtf8(decodeBase64(twice));
  return [
    ...(digits === undefined
      ? []
      : [
          {
            says: digits === digits.toLowerCase() ? 'hex' : 'hex in upper case',
            bytes: decodeHex(digits.toLowerCase()),
          },
        ]),
    ...(letters === undefined
      ? []
      : [{ says: /[_-]/.test(letters) ? 'base64url' : 'base64', bytes: decodeBase64(letters) }]),
    ...(/^[\da-f]{64}$/i.test(inner) ? [{ says: 'the base64 of hex', bytes: decodeHex(inner.toLowerCase()) }] : []),
  ];
}

/** A field that carries 32 bytes, written as a sample of the scheme's own has it. */
function encodings(from: string, samples: readonly Sample[]): readonly Form[] {
  return samples.flatMap(({ text, run, code, encode, says: expected }) =>
    bytesIn(from).map(({ says, bytes }) => ({
      code,
      to: text.replace(run, encode(bytes)),
      says: says === expected ? `not as ${text.replace(run, '…')}` : `in ${says}, where ${expected} is expected`,
    })),
  );
}

type Sample = Codec & {
  /** A whole field, as the scheme would write it. */
  readonly text: string;
  /** What stands in it for the bytes. */
  readonly run: string;
  readonly code: DifferenceCode;
};

const signature = new Uint8Array(32).fill(0xa5);
const sha256 = new Uint8Array(32).fill(0x5a);

/** How the scheme writes signatures and digests: told by one of its own, over nothing that matters. */
function samplesOf(scheme: Scheme, message: Message): (name: string) => readonly Sample[] {
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
    // Some need what is not known here, as another form of nonce.
    if (error instanceof SignatureError) return () => [];
    throw error;
  }
  const fields = Object.entries(headers).map(([name, text]) => ({ name: name.toLowerCase(), text }));
  return (name) =>
    fields.flatMap((field) => {
      if (field.name !== name) return [];
      return codecs.flatMap((codec) => [
        ...found({ ...codec, text: field.text, run: codec.encode(signature), code: 'signature-encoding' }),
        ...found({ ...codec, text: field.text, run: codec.encode(sha256), code: 'field-form' }),
      ]);
    });
}

const found = (sample: Sample): readonly Sample[] => (sample.text.includes(sample.run) ? [sample] : []);
