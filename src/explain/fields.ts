import { contentDigest, sha256OfBodySync } from '../core/digest.ts';
import type { HeaderView } from '../core/message.ts';
import { type Effort, lazy } from './effort.ts';
import { mostValues, takeFew } from './few.ts';
import { maskValue } from './masked-fields.ts';
import { changeHeader, type Guess, type Variation } from './variation.ts';

/** The headers of a scheme, and what may be said about the others. */
export type FieldRules = {
  /** The names of the headers that carry the signature. */
  readonly own: readonly string[];
  /** Whether values of other headers stay out of the messages: a proxy may have added them. @default false */
  readonly guarded?: boolean | undefined;
  readonly effort: Pick<Effort, 'leftOut'>;
};

/** Yields variations of method and headers. */
export function* fieldVariations(
  { message: { headers } }: Guess,
  { own, guarded = false, effort }: FieldRules,
): Generator<Variation> {
  yield* methodVariations(headers);
  yield* contentTypeVariations(headers.get('content-type'));
  const names = listVaried(headers, own);
  for (const name of takeFew(names, mostValues.headers, effort)) {
    const variations = listValues(headers, name).map((value) => headerVariation(name, value));
    yield* guarded ? variations.map(withoutValues) : variations;
  }
}

const withMethod = (change: (method: string) => string): Variation => ({
  part: 'method',
  code: 'method',
  change: (guess) => ({ ...guess, message: { ...guess.message, method: change(guess.message.method) } }),
  describe: ({ message: signed }, { message: received }) =>
    `The caller signed the method ${signed.method}; ${received.method} was received.`,
  remedy: "In the caller's code, sign the method that is sent, in upper case; and check that no proxy changes it.",
});

function methodVariations(headers: HeaderView): readonly Variation[] {
  const named = ['x-http-method-override', 'x-http-method', 'x-method-override'].flatMap(
    (name) => headers.get(name) ?? [],
  );
  return [
    withMethod((method) => method.toLowerCase()),
    ...[...named, 'GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'].map((method) => withMethod(() => method)),
  ];
}

const mediaTypes = [
  'application/json',
  'application/x-www-form-urlencoded',
  'text/plain',
  'application/xml',
  'text/xml',
].concat(['application/octet-stream', 'multipart/form-data', 'application/problem+json', 'text/html', '*/*']);
const parameters = ['', ';charset=utf-8', '; charset=utf-8', ';charset=UTF-8', '; charset=UTF-8'];

// No regular expression with optional white space, which would be quadratic for thousands of blanks.
function withoutParameters(type: string): string {
  const end = type.indexOf(';');
  return end < 0 ? type : type.slice(0, end).trimEnd();
}

function contentTypeVariations(received: string | null): readonly Variation[] {
  const usual = mediaTypes.flatMap((type) => parameters.map((parameter) => type + parameter));
  const spelled =
    received === null
      ? []
      : [
          withoutParameters(received),
          ...parameters.map((parameter) => withoutParameters(received) + parameter),
          received.toLowerCase(),
          ...listCapitals(received),
          received.replace(/\s+/g, ''),
          received.replace(/;\s*/g, '; '),
        ];
  return [null, '', ...new Set([...spelled, ...usual])].map((type) => ({
    part: 'fields',
    code: 'content-type',
    change: (guess) => changeHeader(guess, 'content-type', type),
    describe: ({ message: signed }, { message: before }) =>
      `The caller signed ${formatType(signed.headers.get('content-type'))}; ${formatType(before.headers.get('content-type'))} was received.`,
    remedy:
      "In the caller's code, set Content-Type before signing: HTTP clients add or complete it afterwards. Or a proxy changes it.",
  }));
}

/** Media types are compared without regard to case, and some libraries write them in capitals. */
function listCapitals(type: string): readonly string[] {
  const capital = (text: string) => text.replace(/^[a-z]|(?<=[/+-])[a-z]/g, (letter) => letter.toUpperCase());
  const [main = '', ...others] = type.toLowerCase().split(/(?=[/;])/);
  const [sub = '', ...rest] = others;
  return [
    capital(main + sub) + rest.join(''),
    capital(main) + sub.toUpperCase() + rest.join(''),
    capital(main) + sub + rest.join(''),
    main + sub.toUpperCase() + rest.join(''),
    main + capital(sub) + rest.join(''),
    type.toUpperCase(),
  ];
}

const formatType = (type: string | null): string => (type ? `the content type ${type}` : 'no content type');

// Headers of the connection, and headers that every proxy adds, are never signed.
const unsigned =
  /^(?:host|connection|content-length|transfer-encoding|te|trailer|upgrade|keep-alive|user-agent|accept-encoding|content-type)$/;

type HeaderVariation = Variation & { readonly name: string };

const withoutValues = ({ name, ...variation }: HeaderVariation): Variation => ({
  ...variation,
  describe: () => `The caller signed another value of ${name} than was received.`,
});

const listVaried = (headers: HeaderView, own: readonly string[]): readonly string[] =>
  [...(headers.keys?.() ?? [])]
    .map((name) => name.toLowerCase())
    .filter((name) => !unsigned.test(name) && !own.includes(name));

function listValues(headers: HeaderView, name: string): readonly string[] {
  const value = headers.get(name) ?? '';
  const lines = headers.lines?.(name) ?? value.split(/,\s*/);
  const [first = '', last = ''] = [lines[0], lines.at(-1)];
  return [
    value.replace(/\s+/g, ' ').trim(),
    value.toLowerCase(),
    value.replace(/^"(.*)"$/s, '$1'),
    value.split(/,\s*/).join(','),
    value.split(/,\s*/).join(', '),
    ...(lines.length > 1 ? [first, last, [...lines].reverse().join(', '), lines.join('\n')] : []),
    // A proxy appends itself to such lists.
    value.replace(/,[^,]*$/, ''),
    '',
  ];
}

const quoteValue = (name: string, headers: HeaderView): string =>
  JSON.stringify(maskValue(name, headers.get(name) ?? ''));

const headerVariation = (name: string, value: string): HeaderVariation => ({
  name,
  part: 'fields',
  code: 'header-value',
  change: (guess) => changeHeader(guess, name, value),
  describe: ({ message: signed }, { message: received }) =>
    `The caller signed ${name} as ${quoteValue(name, signed.headers)}; ${quoteValue(name, received.headers)} was received.`,
  remedy: `A proxy changes ${name}, or the caller does so after signing: sign the value that is sent, or do not sign ${name}.`,
});

/** Variations with a digest that was signed and not sent. */
export function digestVariations({ message, body }: Guess, own: readonly string[]): readonly Variation[] {
  if (!body.length || !own.includes('content-digest') || message.headers.get('content-digest') !== null) return [];
  const made = lazy(() => contentDigest(sha256OfBodySync(body)));
  return [
    {
      part: 'fields',
      code: 'field-form',
      change: (guess) => changeHeader(guess, 'content-digest', made()),
      describe: () => 'The caller signed the digest of the body, and sent no Content-Digest.',
      remedy: "In the caller's code, send the signed digest as Content-Digest; and check that no proxy removes it.",
    },
  ];
}
