import type { KitCase } from './cases.ts';

const lines = (texts: readonly string[]): string => texts.map((text) => `${text}\n`).join('');

/** Writes a case as one file for each value and stage, which every language reads and `diff` compares. */
export function plainCase({ name, expected, ...given }: KitCase): Readonly<Record<string, string>> {
  const files = {
    rule: given.rule,
    method: given.method,
    url: given.url,
    headers: lines(given.headers.map(([header, value]) => `${header}: ${value}`)),
    body: given.body,
    'access-key': given.accessKey,
    secret: given.secret,
    time: `${given.time}`,
    nonce: given.nonce,
    ...(given.challenge !== undefined && { challenge: given.challenge }),
    'signed-headers': lines(given.signedHeaders),
    ...(expected
      ? {
          ...(expected.stringToSign === undefined
            ? { 'string-to-sign.hex': expected.stringToSignHex ?? '' }
            : { 'string-to-sign': expected.stringToSign }),
          'added-headers': lines(Object.entries(expected.headers).map(([header, value]) => `${header}: ${value}`)),
          'sent-url': expected.url,
        }
      : { refused: '' }),
  };
  return Object.fromEntries(Object.entries(files).map(([file, text]) => [`vectors/plain/${name}/${file}`, text]));
}
