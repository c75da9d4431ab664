import { fail } from '../../core/errors.ts';
import { excerpt } from '../../core/excerpt.ts';
import { fieldValue, type Message } from '../../core/message.ts';

/**
 * Builds the string to sign, section 2.3 of the draft. Each line begins with a name, and no value has a line break, so the string has
 * one reading.
 *
 * @param own the values of parameters and headers that the scheme itself sets.
 * @throws SignatureError `missing_header` for a header that the message lacks, `invalid_request` for a value that cannot be signed.
 */
export function signedString(message: Message, names: readonly string[], own: ReadonlyMap<string, string>): string {
  const { method, rawTarget, authority, headers } = message;
  // A line break would begin another line. URLs contain none, but a server may pass any text.
  if (!/^[!-~]*$/.test(rawTarget)) fail('invalid_request', 'The path or query must be ASCII, as on the wire.');
  const readLine = (name: string): string => {
    if (name === '(request-target)') return `${method.toLowerCase()} ${rawTarget}`;
    if (name === 'host') return authority;
    const value = own.get(name) ?? fieldValue(headers, name);
    return value ?? fail('missing_header', `The message lacks ${excerpt(name)}, which is signed.`);
  };
  return names.map((name) => `${name}: ${readLine(name)}`).join('\n');
}
