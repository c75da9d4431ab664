import { decodeHex, hex, utf8 } from '../../core/encoding.ts';
import { fail } from '../../core/errors.ts';
import { hmacSha256 } from '../../core/signing-key.ts';
import type { Challenges } from '../contracts.ts';
import { type OptionNames, requireKnownOptions } from '../known-options.ts';

/** The secret that signs challenges, and their lifetime. */
export type ChallengeOptions = {
  /**
   * At least 16 bytes that no caller knows. Servers that accept each other's challenges must share it. With the default, each
   * process accepts only its own challenges, until it restarts. @default 32 random bytes per process
   */
  readonly secret?: Uint8Array;
  /** How long a challenge is valid, in seconds. The replay store remembers it for as long. @default 60 */
  readonly lifetime?: number;
  /** The time in milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
};

const names: OptionNames<ChallengeOptions> = { secret: true, lifetime: true, clock: true };

/**
 * Issues challenges that need no storage. Each is its expiry in milliseconds, 128 random bits, and an HMAC-SHA256 of both. The
 * replay store ensures that each is used once.
 *
 * @throws SignatureError `invalid_configuration` for a secret of less than 16 bytes, or a lifetime that is not a positive number.
 * @example
 * import { signedChallenges } from 'countersign/server';
 *
 * const challenges = signedChallenges({ lifetime: 30 });
 * console.log(challenges.accepts(challenges.issue())); // → true
 */
export function signedChallenges(options: ChallengeOptions = {}): Challenges {
  requireKnownOptions(options, names, 'signedChallenges()');
  const { secret, lifetime = 60, clock = () => Date.now() } = options;
  if (!(lifetime > 0 && lifetime < Infinity) || (secret && secret.length < 16)) {
    fail('invalid_configuration', 'lifetime must be a positive number of seconds, secret at least 16 bytes.');
  }
  const keyBytes = secret ?? crypto.getRandomValues(new Uint8Array(32));
  // A key from bytes signs synchronously.
  const key = hmacSha256(keyBytes);
  const macOf = (text: string) => key.sign(utf8(`countersign-challenge\n${text}`)) as Uint8Array;
  return {
    lifetime,
    issue() {
      const text = `${Math.floor(clock() + lifetime * 1000)}.${hex(crypto.getRandomValues(new Uint8Array(16)))}`;
      return `${text}.${hex(macOf(text))}`;
    },
    accepts(challenge) {
      const [, text, end, mac] = /^((\d{1,15})\.[\da-f]{32})\.([\da-f]{64})$/.exec(challenge) ?? [];
      if (!text || !mac) return false;
      const valid = key.verify(utf8(`countersign-challenge\n${text}`), decodeHex(mac));
      return valid === true && clock() < Number(end);
    },
  };
}
