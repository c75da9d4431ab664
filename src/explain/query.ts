import type { Message } from '../core/message.ts';
import { shownTarget } from './masked-fields.ts';
import { decoded } from './path.ts';
import { changeTarget, type Guess, type Variation } from './variation.ts';

/** Which query the caller may have signed. */
export function queryVariations({ message }: Guess): readonly Variation[] {
  const parameters = parametersIn(queryOf(message) ?? '');
  return [leftOut, ...orders, ...encodings, ...parameters.slice(0, 32).map(without)];
}

const queryOf = ({ target }: Message): string | undefined => /\?(.*)$/s.exec(target)?.[1];

const parametersIn = (query: string): readonly string[] => (query === '' ? [] : query.split('&'));

const tellQuery: Variation['tell'] = ({ message: signed }, { message: received }) =>
  `The caller signed ${spoken(queryOf(signed))}; ${spoken(queryOf(received))} was received.`;

const spoken = (query: string | undefined): string =>
  query === undefined ? 'no query' : `the query ${shownTarget(`?${query}`).slice(1) || '(empty)'}`;

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
  tell: tellQuery,
  remedy,
});

const leftOut: Variation = variation(
  'query-left-out',
  "In the caller's code, sign path and query, as they go on the wire.",
  () => undefined,
);

const each = (change: (parameters: readonly string[]) => readonly string[]) => (query: string) =>
  change(query.split('&')).join('&');

const orderRemedy =
  "Sort no parameters: in the caller's code, sign the query as it is sent, and let nothing on the way sort it.";

const nameOf = (parameter: string): string => parameter.replace(/=.*$/s, '');
const ascending = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const orders: readonly Variation[] = [
  each((parameters) => [...parameters].sort(ascending)),
  each((parameters) => [...parameters].sort((a, b) => ascending(nameOf(a), nameOf(b)))),
  each((parameters) => [...parameters].sort(ascending).reverse()),
  each((parameters) => [...parameters].reverse()),
].map((change) => variation('query-order', orderRemedy, change));

const encodingRemedy =
  "Two libraries encode the query differently. In the caller's code, take the query from the URL that is really requested, and encode nothing again.";

/** Each name and value, decoded, and then encoded in some way. */
const recoded = (encode: (text: string) => string, decode: (text: string) => string = decoded) =>
  each((parameters) =>
    parameters.map((parameter) =>
      parameter
        .split('=')
        .map((text) => encode(decode(text)))
        .join('='),
    ),
  );

const asForm = (text: string): string => decoded(text.replace(/\+/g, ' '));
const strictly = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
const withPlus = (encode: (text: string) => string) => (text: string) => encode(text).replace(/%20/g, '+');

const encodings: readonly Variation[] = [
  (query: string) => query.replace(/\+/g, '%20'),
  (query: string) => query.replace(/%20/g, '+'),
  (query: string) => query.replace(/%2B/gi, '+'),
  (query: string) => query.replace(/\+/g, '%2B'),
  decoded,
  asForm,
  recoded(encodeURIComponent),
  recoded(strictly),
  recoded(withPlus(strictly)),
  recoded(encodeURIComponent, asForm),
  recoded(strictly, asForm),
  recoded(withPlus(strictly), asForm),
  recoded(encodeURI),
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
  each((parameters) => parameters.map((parameter) => parameter.replace(/=$/, ''))),
  each((parameters) => parameters.map((parameter) => (parameter.includes('=') ? parameter : `${parameter}=`))),
  each((parameters) => parameters.filter((parameter) => parameter !== '')),
].map((change) => variation('query-encoding', encodingRemedy, change));

const without = (parameter: string): Variation =>
  variation(
    'query-parameter',
    `The parameter ${nameOf(parameter)} was not signed: something on the way adds it, or the caller adds it after signing.`,
    each((parameters) => {
      const place = parameters.indexOf(parameter);
      return parameters.filter((_, other) => other !== place);
    }),
  );
