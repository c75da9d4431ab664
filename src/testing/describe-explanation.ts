import type { SignatureExplanation } from '../explain/explanation.ts';

/** The request line of an explained request. A signature in the query is masked. */
export const requestLine = ({ message }: SignatureExplanation): string => {
  const { method, protocol, authority, target } = message;
  return `${method} ${protocol}://${authority}${target}`;
};

/** Explains in lines of text why a request does not verify: the reason, and each difference with its remedy. */
export function describeExplanation({ reason = '', differences, stringToSign }: SignatureExplanation): string {
  const found = differences.flatMap(({ code, message, remedy, proven }, place) => [
    `${place + 1}. ${message}${proven ? '' : ' (likely, not certain)'} [${code}]`,
    `   ${remedy}`,
  ]);
  const signed = stringToSign?.split('\n').map((line) => `   | ${line}`) ?? [];
  const compared =
    signed.length && !found.length
      ? ['No usual difference explains it. If the app signs this string, its secret is another:', ...signed]
      : [];
  return [reason, ...found, ...compared].join('\n');
}
