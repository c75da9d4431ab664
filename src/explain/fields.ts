import type { HeaderView } from '../core/message.ts';
import { shownValue } from './masked-fields.ts';
import { changeHeader, type Guess, type Variation } from './variation.ts';

/** Which method and headers the caller may have signed. */
export function fieldVariations({ message: { headers } }: Guess, own: readonly string[]): readonly Variation[] {
  return [...methods(headers), ...contentTypes(headers.get('content-type')), ...otherHeaders(headers, own)];
}

const withMethod = (change: (method: string) => string): Variation => ({
  part: 'method',
  code: 'method',
  change: (guess) => ({ ...guess, message: { ...guess.message, method: change(guess.message.method) } }),
  tell: ({ message: signed }, { message: received }) =>
    `The caller signed the method ${signed.method}; ${received.method} was received.`,
  remedy: "In the caller's code, sign the method that is sent, in upper case; and let nothing on the way change it.",
});

function methods(headers: HeaderView): readonly Variation[] {
  const named = ['x-http-method-override', 'x-http-method', 'x-method-override'].flatMap(
    (name) => headers.get(name) ?? [],
  );
  return [
    withMethod((method) => method.toLowerCase()),
    ...[...named, 'GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'].map((method) => withMethod(() => method)),
  ];
}

const types = [
  'application/json',
  'application/x-www-form-urlencoded',
  'text/plain',
  'application/xml',
  'text/xml',
].concat(['application/octet-stream', 'multipart/form-data', 'application/problem+json', 'text/html', '*/*']);
const parameters = ['', ';charset=utf-8', '; charset=utf-8', ';charset=UTF-8', '; charset=UTF-8'];

// Not by an expression with white space in it, which begins anew at each of thousands of blanks.
function withoutParameters(type: string): string {
  const end = type.indexOf(';');
  return end < 0 ? type : type.slice(0, end).trimEnd();
}

function contentTypes(received: string | null): readonly Variation[] {
  const usual = types.flatMap((type) => parameters.map((parameter) => type + parameter));
  const spelled =
    received === null
      ? []
      : [
          withoutParameters(received),
          ...parameters.map((parameter) => withoutParameters(received) + parameter),
          received.toLowerCase(),
          received.replace(/\s+/g, ''),
          received.replace(/;\s*/g, '; '),
        ];
  return [null, '', ...new Set([...spelled, ...usual])].map((type) => ({
    part: 'fields',
    code: 'content-type',
    change: (guess) => changeHeader(guess, 'content-type', type),
    tell: ({ message: signed }, { message: before }) =>
      `The caller signed ${spoken(signed.headers.get('content-type'))}; ${spoken(before.headers.get('content-type'))} was received.`,
    remedy:
      "In the caller's code, set Content-Type yourself before signing: HTTP clients add or complete one afterwards. Or something on the way changes it.",
  }));
}

const spoken = (type: string | null): string => (type ? `the content type ${type}` : 'no content type');

// What is of the connection, or every proxy adds, is signed by nobody.
const unsigned =
  /^(?:host|connection|content-length|transfer-encoding|te|trailer|upgrade|keep-alive|user-agent|accept-encoding|content-type)$/;

function otherHeaders(headers: HeaderView, own: readonly string[]): readonly Variation[] {
  const names = [...(headers.keys?.() ?? [])].map((name) => name.toLowerCase());
  return names
    .filter((name) => !unsigned.test(name) && !own.includes(name))
    .slice(0, 64)
    .flatMap((name) => valuesOf(headers, name).map((value) => headerVariation(name, value)));
}

function valuesOf(headers: HeaderView, name: string): readonly string[] {
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
    // A proxy adds itself to the end of such lists.
    value.replace(/,[^,]*$/, ''),
    '',
  ];
}

const quoted = (name: string, headers: HeaderView): string => JSON.stringify(shownValue(name, headers.get(name) ?? ''));

const headerVariation = (name: string, value: string): Variation => ({
  part: 'fields',
  code: 'header-value',
  change: (guess) => changeHeader(guess, name, value),
  tell: ({ message: signed }, { message: received }) =>
    `The caller signed ${name} as ${quoted(name, signed.headers)}; ${quoted(name, received.headers)} was received.`,
  remedy: `Something on the way changes ${name}, or the caller does after signing: sign what is sent, or do not sign ${name}.`,
});
