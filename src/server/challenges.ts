import { bytesOfHex, hex, utf8 } from '../core/encoding.ts';
import { fail } from '../core/errors.ts';
import { hmacSha256 } from '../core/signing-key.ts';
import type { Challenges } from './contracts.ts';

/** Whose challenges, and how long they hold. */
export type ChallengeOptions = {
  /** The same on every machine that takes each other's answers; bytes that no caller knows. @default drawn anew by each process */
  readonly secret?: Uint8Array;
  /** In seconds. @default 60 */
  readonly lifetime?: number;
  /** The time in milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
};

/**
 * Challenges that carry their own proof, so that none has to be stored: end of life in milliseconds, 128 random bits, and an HMAC-SHA256
 * over both. That each is answered once only is the replay store's work.
 *
 * @throws SignatureError `invalid_configuration` for a secret of less than 16 bytes, and a lifetime that is no positive number.
 */
export function signedChallenges({
  secret,
  lifetime = 60,
  clock = () => Date.now(),
}: ChallengeOptions = {}): Challenges {
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
      const valid = key.verify(utf8(`countersign-challenge\n${text}`), bytesOfHex(mac));
      return valid === true && clock() < Number(end);
    },
  };
}
