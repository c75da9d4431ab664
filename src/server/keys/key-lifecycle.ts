import { hex } from '../../core/encoding.ts';
import { fail } from '../../core/errors.ts';
import type { StoredKey, StoredSecret } from './key-table.ts';
import { checkMoment } from './moments.ts';

/**
 * `next`: verifies nothing yet. `active`: verifies. `retiring`: verifies until its end, which is set, because another takes its
 * place. `revoked`: verifies nothing any more.
 */
export type SecretState = 'next' | 'active' | 'retiring' | 'revoked';

/** The state of a secret at a time, in milliseconds since the epoch. */
export function secretState(
  { notBefore = -Infinity, expiresAt = Infinity }: Pick<StoredSecret, 'notBefore' | 'expiresAt'>,
  now: number,
): SecretState {
  if (now >= expiresAt) return 'revoked';
  if (now < notBefore) return 'next';
  return expiresAt === Infinity ? 'active' : 'retiring';
}

/** When a new secret begins, and how long the old ones go on. */
export type Rotation = {
  /** How long the old secrets verify beside the new one, in seconds; 0 ends them at once. @default 604800 (a week) */
  readonly overlap?: number;
  /** When the new secret begins to verify, in milliseconds since the epoch. @default at once */
  readonly startsAt?: number;
};

/** So many secrets a key may have that still verify, or will; each costs a MAC with every request. */
const most = 4;

/**
 * The key with a new secret, and an end to those it has for the same scheme.
 *
 * @throws SignatureError `invalid_configuration` for a rotation that cannot be, and for a key in the middle of too many.
 */
export function rotateKey(key: StoredKey, secret: StoredSecret, { overlap = 604_800, startsAt }: Rotation): StoredKey {
  const { createdAt: now } = secret;
  checkMoment('startsAt', startsAt);
  const start = startsAt ?? now;
  if (!(start >= now)) {
    fail('invalid_configuration', `startsAt is ${new Date(start).toISOString()}, which has passed: leave it out.`);
  }
  if (!(typeof overlap === 'number' && overlap >= 0 && overlap < Infinity)) {
    fail('invalid_configuration', `overlap is ${JSON.stringify(overlap)}, not a number of seconds from 0 on.`);
  }
  if (key.revoked) fail('revoked_key', `The key ${key.accessKey} is revoked: create another.`, 401);
  const end = start + overlap * 1000;
  const kept = key.secrets
    .filter((old) => secretState(old, now) !== 'revoked' || recent(old, now))
    .map((old) => (old.scheme === secret.scheme ? { ...old, expiresAt: Math.min(old.expiresAt ?? end, end) } : old));
  if (kept.filter((old) => secretState(old, now) !== 'revoked').length >= most) {
    fail(
      'invalid_configuration',
      `The key ${key.accessKey} has ${most} secrets that still verify: let some end first.`,
    );
  }
  const added = { ...secret, ...(startsAt !== undefined && { notBefore: start }) };
  return { ...key, version: key.version + 1, secrets: [...kept, added] };
}

// A secret that has ended is kept a while, so that whoever still signs with it can be told so.
const recent = ({ expiresAt = Infinity }: StoredSecret, now: number): boolean => now - expiresAt < 90 * 86_400_000;

/** The key, revoked: at once, with all its secrets. One that is revoked already keeps the time of its end. */
export const revokeKey = (key: StoredKey, now: number): StoredKey => ({
  ...key,
  version: key.version + 1,
  revoked: true,
  revokedAt: key.revokedAt ?? now,
});

/** When a key ended or will end, by revocation or by its own time, in milliseconds since the epoch; Infinity where it has no end. */
export const keyExpiry = ({ revokedAt = Infinity, expiresAt = Infinity }: StoredKey): number =>
  Math.min(revokedAt, expiresAt);

/** The version of a new key: 48 random bits, so that no version of a deleted key comes again. */
export const firstVersion = (): number => Number.parseInt(hex(crypto.getRandomValues(new Uint8Array(6))), 16);

/**
 * The key with one of its secrets ended at once.
 *
 * @throws SignatureError `invalid_configuration` for a secret that it does not have.
 */
export function withoutSecret(key: StoredKey, id: string, now: number): StoredKey {
  if (!key.secrets.some((secret) => secret.id === id)) {
    fail('invalid_configuration', `The key ${key.accessKey} has no secret ${id}.`);
  }
  const secrets = key.secrets.map((secret) =>
    secret.id === id ? { ...secret, expiresAt: Math.min(secret.expiresAt ?? now, now) } : secret,
  );
  return { ...key, version: key.version + 1, secrets };
}

/** A new name for a secret. */
export const newSecretId = (): string => hex(crypto.getRandomValues(new Uint8Array(6)));
