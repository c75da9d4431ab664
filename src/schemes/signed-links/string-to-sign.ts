import type { Message } from '../../core/message.ts';

/** The lines of a string to sign that are also parameters of the link. */
export type LinkLines = {
  readonly accessKey: string;
  /** When the link ends, in seconds since the epoch, decimal. */
  readonly until: string;
  /** Empty for a link that may be used more than once. */
  readonly nonce: string;
  /** Path and query with all parameters but `csign-signature`, normalised. */
  readonly target: string;
};

/**
 * Builds the string to sign of a link. Its first line is that of no other signature, so that a link can become no header, and no
 * header a link. HEAD asks for what GET asks for, without the body, so both have one string.
 */
export function stringToSign(
  { method, authority }: Pick<Message, 'method' | 'authority'>,
  { accessKey, until, nonce, target }: LinkLines,
): string {
  const named = method === 'HEAD' ? 'GET' : method;
  return `countersign-v1-link\n${accessKey}\n${until}\n${nonce}\n${named}\n${authority}\n${target}`;
}

/** At most 12 digits, as in the timestamps of `countersign-v1`, in one spelling. */
export const untilPattern: RegExp = /^[1-9]\d{0,11}$/;

/** The longest life of a link that can be configured, in seconds: a year. */
export const longestLifetime = 31_536_000;

/** Splits a target into its path and its parameters, and decodes neither. */
export function splitParameters(target: string): { readonly path: string; readonly parameters: readonly string[] } {
  const mark = target.indexOf('?');
  return mark < 0
    ? { path: target, parameters: [] }
    : { path: target.slice(0, mark), parameters: target.slice(mark + 1).split('&') };
}

/** True for a parameter, as in a normalised target, whose name is kept for links. */
export const isReserved = (parameter: string): boolean => parameter.startsWith('csign-');
