import { hex } from '../../core/encoding.ts';
import { fail } from '../../core/errors.ts';
import type { StoredKey, StoredSecret } from './key-table.ts';
import { checkMoment } from './moments.ts';

/**
 * `next`: not valid yet. `active`: valid, with no end. `retiring`: valid until its `expiresAt`, set because a new secret
 * replaces it. `revoked`: no longer valid.
 */
export type SecretState = 'next' | 'active' | 'retiring' | 'revoked';

/**
 * The state of a secret at a time.
 *
 * @param now in milliseconds since the epoch.
 * @example
 * import { secretState } from 'countersign/server';
 *
 * console.log(secretState({ expiresAt: 1767225600000 }, 1767225599999)); // → retiring
 */
export function secretState(
  { notBefore = -Infinity, expiresAt = Infinity }: Pick<StoredSecret, 'notBefore' | 'expiresAt'>,
  now: number,
): SecretState {
  if (now >= expiresAt) return 'revoked';
  if (now < notBefore) return 'next';
  return expiresAt === Infinity ? 'active' : 'retiring';
}

/** When a new secret becomes valid, and how long the old ones remain valid. */
export type Rotation = {
  /** How long the old secrets remain valid beside the new one, in seconds; 0 ends them at once. @default 604800 (a week) */
  readonly overlap?: number;
  /** When the new secret becomes valid, in milliseconds since the epoch. @default now */
  readonly startsAt?: number;
};

/** Maximum number of secrets of a key that are or will be valid. Each costs a MAC per request. */
const maxSecrets = 4;

/**
 * Adds a new secret to a key, and sets the end of those that it replaces: of all, or of those for its scheme alone.
 *
 * @throws SignatureError `invalid_configuration` for an impossible rotation, or if too many secrets are valid.
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
    .map((old) => (isReplaced(old, secret) ? { ...old, expiresAt: Math.min(old.expiresAt ?? end, end) } : old));
  if (kept.filter((old) => secretState(old, now) !== 'revoked').length >= maxSecrets) {
    fail(
      'invalid_configuration',
      `The key ${key.accessKey} has ${maxSecrets} valid secrets: let some expire or revoke them first.`,
    );
  }
  const added = { ...secret, ...(startsAt !== undefined && { notBefore: start }) };
  return { ...key, version: key.version + 1, secrets: [...kept, added] };
}

// A secret for every scheme replaces those for one too: otherwise a leaked one would outlive a rotation.
const isReplaced = (old: StoredSecret, { scheme }: StoredSecret): boolean =>
  scheme === undefined || old.scheme === scheme;

// Kept for 90 days after its end, so that callers who still sign with it get a precise refusal.
const recent = ({ expiresAt = Infinity }: StoredSecret, now: number): boolean => now - expiresAt < 90 * 86_400_000;

/** Revokes a key with all its secrets, at once. A key that is already revoked keeps its `revokedAt`. */
export const revokeKey = (key: StoredKey, now: number): StoredKey => ({
  ...key,
  version: key.version + 1,
  revoked: true,
  revokedAt: key.revokedAt ?? now,
});

/** When a key is or was revoked or expires, whichever is earlier, in milliseconds since the epoch; Infinity if neither is set. */
export const keyExpiry = ({ revokedAt = Infinity, expiresAt = Infinity }: StoredKey): number =>
  Math.min(revokedAt, expiresAt);

/** The version of a new key: 48 random bits, so that a recreated key never repeats a version of its deleted predecessor. */
export const firstVersion = (): number => Number.parseInt(hex(crypto.getRandomValues(new Uint8Array(6))), 16);

/**
 * Ends one secret of a key at once.
 *
 * @throws SignatureError `invalid_configuration` if the key has no such secret.
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

/** A new random id for a secret. */
export const newSecretId = (): string => hex(crypto.getRandomValues(new Uint8Array(6)));
