import { base64, utf8 } from '../../core/encoding.ts';
import { fail } from '../../core/errors.ts';
import type { KitCase } from '../cases.ts';
import type { SignerResult } from './compare-case.ts';

/** Writes a case as the line of JSON that a signer under test reads. The body is in base64. */
export function formatCaseLine({ expected: _, rule: __, body, ...given }: KitCase): string {
  return JSON.stringify({ ...given, body: base64(utf8(body)) });
}

/**
 * Reads the line of JSON that a signer under test writes.
 *
 * @throws SignatureError `invalid_request`
 */
export function parseResultLine(line: string): SignerResult {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    return fail('invalid_request', `The signer wrote a line that is not JSON: ${line.slice(0, 80)}`, 400, cause);
  }
  const { stringToSign, headers, url, refused } = (value ?? {}) as Partial<Record<keyof SignerResult, unknown>>;
  if (typeof refused === 'string') return { refused };
  if (!isTexts(headers))
    return fail('invalid_request', 'A line of the signer needs headers, an object of strings, or refused.');
  return {
    headers,
    ...(typeof stringToSign === 'string' && { stringToSign }),
    ...(typeof url === 'string' && { url }),
  };
}

const isTexts = (value: unknown): value is Readonly<Record<string, string>> =>
  typeof value === 'object' && value !== null && Object.values(value).every((one) => typeof one === 'string');
