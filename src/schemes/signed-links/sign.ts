import { normaliseTarget } from '../../core/address.ts';
import type { PlatformKey } from '../../core/credentials.ts';
import { hex } from '../../core/encoding.ts';
import { fail } from '../../core/errors.ts';
import { signableNames } from '../../core/field-names.ts';
import type { PreparedSignature, SignatureInput, SigningScheme } from '../../core/scheme.ts';
import { hmacSha256 } from '../../core/signing-key.ts';
import { noncePattern } from '../countersign-v1/string-to-sign.ts';
import { isReserved, longestLifetime, splitParameters, stringToSign, untilPattern } from './string-to-sign.ts';

/** What the signer of links chooses. */
export type LinkSigning = {
  /** The life of a link, in whole seconds. */
  readonly expiresIn: number;
  /** Whether a link works once only. */
  readonly once: boolean;
};

/**
 * Requires a life that a link can have.
 *
 * @param name of the option.
 * @throws SignatureError `invalid_configuration`
 */
export function checkLifetime(name: string, seconds: number): void {
  if (!(Number.isInteger(seconds) && seconds > 0 && seconds <= longestLifetime))
    fail('invalid_configuration', `${name} must be whole seconds, at most ${longestLifetime}.`);
}

// A link as this scheme writes it, to be signed anew, at the end of a target.
const older = /[?&]csign-key=[\w.~-]+&csign-until=\d+(?:&csign-nonce=[\w-]+)?&csign-signature=v1(?:=|%3D)[\da-f]{64}$/;

/** The signing half of `signedLinks`. */
export function signLinks({ expiresIn, once }: LinkSigning): SigningScheme {
  function prepare({ message, accessKey, time, nonce: given }: SignatureInput): PreparedSignature {
    const until = `${Math.floor(time / 1000) + expiresIn}`;
    const nonce = once ? given : '';
    if (!untilPattern.test(until) || (once && !noncePattern.test(nonce)))
      fail('invalid_configuration', `The ${untilPattern.test(until) ? 'nonce' : 'clock'} returns an invalid value.`);
    const raw = message.rawTarget.replace(older, '');
    const { parameters } = splitParameters(normaliseTarget(raw));
    if (parameters.some(isReserved)) fail('invalid_request', 'Names that begin with csign- are kept for links.');
    const own = `csign-key=${accessKey}&csign-until=${until}${nonce && `&csign-nonce=${nonce}`}`;
    // An empty query loses its `?` when it is normalised.
    const unsigned = `${raw.replace(/^([^?]*)\?$/, '$1')}${parameters[0] === undefined ? '?' : '&'}${own}`;
    const target = normaliseTarget(unsigned);
    return {
      stringToSign: stringToSign(message, { accessKey, until, nonce, target }),
      headers: () => ({}),
      target: (signature) => `${unsigned}&csign-signature=v1=${hex(signature)}`,
    };
  }

  return {
    name: 'countersign-v1-link',
    fields: [],
    body: 'none',
    createKey: (secret) =>
      (secret as PlatformKey).type === 'private'
        ? fail('invalid_credentials', 'A key pair signs no links.')
        : hmacSha256(secret),
    signableHeaders: (names) => signableNames(names, () => false),
    declaresBody: () => false,
    prepare,
  };
}
