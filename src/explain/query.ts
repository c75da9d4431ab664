import type { Message } from '../core/message.ts';
import type { Effort } from './effort.ts';
import { mostValues, takeFew } from './few.ts';
import { maskTarget } from './masked-fields.ts';
import { decodeOrKeep } from './path.ts';
import { changeTarget, type Guess, type Variation } from './variation.ts';

/** Variations of the query. */
export function queryVariations({ message }: Guess, effort: Effort): readonly Variation[] {
  const parameters = takeFew(splitParameters(readQuery(message) ?? ''), mostValues.parameters, effort);
  return [withoutQuery, ...orders, ...encodings, ...parameters.map(withoutParameter)];
}

const readQuery = ({ target }: Message): string | undefined => /\?(.*)$/s.exec(target)?.[1];

const splitParameters = (query: string): readonly string[] => (query === '' ? [] : query.split('&'));

const describeQuery: Variation['describe'] = ({ message: signed }, { message: received }) =>
  `The caller signed ${formatQuery(readQuery(signed))}; ${formatQuery(readQuery(received))} was received.`;

const formatQuery = (query: string | undefined): string =>
  query === undefined ? 'no query' : `the query ${maskTarget(`?${query}`).slice(1) || '(empty)'}`;

const variation = (
  code: Variation['code'],
  remedy: string,
  change: (query: string) => string | undefined,
): Variation => ({
  part: 'query',
  code,
  change: (guess) =>
    changeTarget(guess, (target) => {
      const mark = target.indexOf('?');
      if (mark < 0) return target;
      const query = change(target.slice(mark + 1));
      return query === undefined ? target.slice(0, mark) : `${target.slice(0, mark)}?${query}`;
    }),
  describe: describeQuery,
  remedy,
});

const withoutQuery: Variation = variation(
  'query-left-out',
  "In the caller's code, sign path and query as on the wire.",
  () => undefined,
);

const mapParameters = (change: (parameters: readonly string[]) => readonly string[]) => (query: string) =>
  change(query.split('&')).join('&');

const orderRemedy =
  "Do not sort parameters: in the caller's code, sign the query as it is sent, and check that no proxy sorts it.";

const readName = (parameter: string): string => parameter.replace(/=.*$/s, '');
const ascending = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const orders: readonly Variation[] = [
  mapParameters((parameters) => [...parameters].sort(ascending)),
  mapParameters((parameters) => [...parameters].sort((a, b) => ascending(readName(a), readName(b)))),
  mapParameters((parameters) => [...parameters].sort(ascending).reverse()),
  mapParameters((parameters) => [...parameters].reverse()),
].map((change) => variation('query-order', orderRemedy, change));

const encodingRemedy =
  "Two libraries encode the query differently. In the caller's code, take the query from the requested URL, and do not encode it again. If the server runs on Next.js, which rewrites queries, call formQuery(url).";

/** Decodes each name and value and encodes it again. */
const recode = (encode: (text: string) => string, decode: (text: string) => string = decodeOrKeep) =>
  mapParameters((parameters) =>
    parameters.map((parameter) =>
      parameter
        .split('=')
        .map((text) => encode(decode(text)))
        .join('='),
    ),
  );

const decodeForm = (text: string): string => decodeOrKeep(text.replace(/\+/g, ' '));
const encodeStrictly = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
const withPlus = (encode: (text: string) => string) => (text: string) => encode(text).replace(/%20/g, '+');

const encodings: readonly Variation[] = [
  (query: string) => query.replace(/\+/g, '%20'),
  (query: string) => query.replace(/%20/g, '+'),
  (query: string) => query.replace(/%2B/gi, '+'),
  (query: string) => query.replace(/\+/g, '%2B'),
  decodeOrKeep,
  decodeForm,
  recode(encodeURIComponent),
  recode(encodeStrictly),
  recode(withPlus(encodeStrictly)),
  recode(encodeURIComponent, decodeForm),
  recode(encodeStrictly, decodeForm),
  recode(withPlus(encodeStrictly), decodeForm),
  recode(encodeURI),
  (query: string) => new URLSearchParams(query).toString(),
  (query: string) => query.replace(/%5B/gi, '[').replace(/%5D/gi, ']'),
  (query: string) => query.replace(/\[/g, '%5B').replace(/\]/g, '%5D'),
  (query: string) => query.replace(/%2C/gi, ','),
  (query: string) => query.replace(/%3A/gi, ':'),
  (query: string) => query.replace(/%2F/gi, '/'),
  (query: string) => query.replace(/%40/gi, '@'),
  (query: string) => query.replace(/,/g, '%2C'),
  (query: string) => query.replace(/:/g, '%3A'),
  (query: string) => query.replace(/\//g, '%2F'),
  (query: string) => query.replace(/@/g, '%40'),
  (query: string) => query.replace(/%/g, '%25'),
  (query: string) => query.replace(/%25(?=[\da-f]{2})/gi, '%'),
  (query: string) => query.replace(/%[\dA-F]{2}/g, (found) => found.toLowerCase()),
  (query: string) => query.replace(/&/g, '&amp;'),
  (query: string) => query.replace(/&amp;/g, '&'),
  mapParameters((parameters) => parameters.map((parameter) => parameter.replace(/=$/, ''))),
  mapParameters((parameters) => parameters.map((parameter) => (parameter.includes('=') ? parameter : `${parameter}=`))),
  mapParameters((parameters) => parameters.filter((parameter) => parameter !== '')),
].map((change) => variation('query-encoding', encodingRemedy, change));

const withoutParameter = (parameter: string): Variation =>
  variation(
    'query-parameter',
    `The parameter ${readName(parameter)} was not signed: a proxy adds it, or the caller adds it after signing.`,
    mapParameters((parameters) => {
      const place = parameters.indexOf(parameter);
      return parameters.filter((_, other) => other !== place);
    }),
  );
