import { decodeHex, hex, utf8 } from '../../core/encoding.ts';
import { fail } from '../../core/errors.ts';
import { hmacSha256 } from '../../core/signing-key.ts';
import type { Challenges } from '../contracts.ts';
import { type OptionNames, requireKnownOptions } from '../known-options.ts';

/** Which secret signs challenges, and how long they are valid. */
export type ChallengeOptions = {
  /**
   * At least 16 bytes that no caller knows. Servers that accept each other's challenges need the same. Without it, each process
   * accepts its own challenges only, until it restarts. @default drawn anew by each process
   */
  readonly secret?: Uint8Array;
  /** How long a challenge is valid, in seconds. The replay store remembers each for as long. @default 60 */
  readonly lifetime?: number;
  /** The time in milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
};

const names: OptionNames<ChallengeOptions> = { secret: true, lifetime: true, clock: true };

/**
 * Challenges that carry their own proof, so that none has to be stored: end of life in milliseconds, 128 random bits, and an HMAC-SHA256
 * over both. That each is answered once only is the replay store's work.
 *
 * @throws SignatureError `invalid_configuration` for a secret of less than 16 bytes, and a lifetime that is no positive number.
 */
export function signedChallenges(options: ChallengeOptions = {}): Challenges {
  requireKnownOptions(options, names, 'signedChallenges()');
  const { secret, lifetime = 60, clock = () => Date.now() } = options;
  if (!(lifetime > 0 && lifetime < Infinity) || (secret && secret.length < 16)) {
    fail('invalid_configuration', 'lifetime must be a positive number of seconds, secret at least 16 bytes.');
  }
  const drawn = secret ?? crypto.getRandomValues(new Uint8Array(32));
  // Bytes keys answer at once.
  const key = hmacSha256(drawn);
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
