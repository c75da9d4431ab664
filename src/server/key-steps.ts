import { bytesToSign } from '../core/encoding.ts';
import { fail, SignatureError } from '../core/errors.ts';
import { type Eventual, inTurn, whenThere } from '../core/eventual.ts';
import type { PresentedSignature, Scheme, ToSign } from '../core/scheme.ts';
import type { SigningKey } from '../core/signing-key.ts';
import { storeFault } from '../core/store-fault.ts';
import type { KeyRecord, KeySecret, KeyStore } from './contracts.ts';
import { checkKeySecret } from './key-secret.ts';

const unavailable = (message: string, cause?: unknown): never => fail('key_store_unavailable', message, 503, cause);

function untold(cause: unknown): never {
  // A store of ours says itself what is wrong with it.
  if (cause instanceof SignatureError && cause.code === 'key_store_unavailable') throw cause;
  return unavailable(storeFault('The key store', cause), cause);
}

/**
 * The record of an access key.
 *
 * @throws SignatureError `key_store_unavailable` when the store throws, or answers what is no record.
 */
export function findKey(keys: KeyStore, accessKey: string): Eventual<KeyRecord | undefined> {
  let found: Eventual<KeyRecord | undefined>;
  try {
    found = keys.find(accessKey);
  } catch (cause) {
    return untold(cause);
  }
  return whenThere(found, (record) => recordOf(record, accessKey), untold);
}

function recordOf(found: KeyRecord | undefined, accessKey: string): KeyRecord | undefined {
  // Databases that ignore case find other keys than the one asked for, and give one caller many names.
  if (!found || found.accessKey !== accessKey) return undefined;
  return Array.isArray(found.secrets) ? found : unavailable('The key store responds with what is no key record.');
}

/**
 * @throws SignatureError `unknown_key`, `revoked_key`, `expired_key`, `inactive_key`
 */
export function requireUsable(record: KeyRecord | undefined, now: number): asserts record is KeyRecord {
  if (!record) fail('unknown_key', 'No key has this access key.', 401);
  const { revoked, expiresAt = Infinity, notBefore = -Infinity } = record;
  if (revoked) fail('revoked_key', 'The key has been revoked.', 401);
  if (!(now < expiresAt)) fail('expired_key', 'The key has expired.', 401);
  if (!(now >= notBefore)) fail('inactive_key', 'The key is not valid yet.', 401);
}

/** Secrets as prepared keys: each is prepared once, for as long as the store hands out the same object. */
export type PreparedKeys = {
  /** Undefined for what is for another scheme, as a public key is where the scheme knows shared secrets only. */
  get(secret: KeySecret): SigningKey | undefined;
};

export function preparedKeys(scheme: Scheme): PreparedKeys {
  const known = new WeakMap<KeySecret, { readonly given: unknown; readonly key: SigningKey }>();
  return {
    get(entry) {
      const { secret, publicKey } = entry;
      if ((entry.scheme ?? scheme.name) !== scheme.name || (publicKey && !scheme.publicKeys)) return undefined;
      const given = publicKey ?? secret;
      const found = known.get(entry);
      if (found?.given === given) return found.key;
      checkKeySecret(entry);
      const key = scheme.createKey(given);
      known.set(entry, { given, key });
      return key;
    },
  };
}

const unusable = (cause: unknown): never =>
  unavailable('The key store responds with a secret that the scheme cannot use.', cause);

// Tried where there is no secret to try, so that time does not tell which access keys exist. It never matches.
const decoy: KeySecret = { secret: new Uint8Array(32) };

/** What a key is tried on. */
export type Trial = {
  readonly presented: PresentedSignature;
  readonly stringToSign: ToSign;
  readonly prepared: PreparedKeys;
  /** In milliseconds since the epoch. */
  readonly now: number;
};

/** A secret of a record, and what it signs with. */
export type Match = { readonly secret: KeySecret; readonly key: SigningKey };

/**
 * The secret that made one of the signatures; undefined where none did. One that has ended is tried last, so that its holder can
 * be told; whether it may still be used is for {@link requireActive} to say.
 *
 * @throws SignatureError `key_store_unavailable` for a secret that cannot be used.
 */
export function matchingSecret(record: KeyRecord | undefined, trial: Trial): Eventual<Match | undefined> {
  const { presented, stringToSign, prepared } = trial;
  try {
    const data = bytesToSign(stringToSign);
    const candidates = record ? begun(record, trial) : [];
    // Every signature is tried against every secret, so that time does not tell which of them fits.
    const attempts: Attempt[] = [];
    for (const { key } of candidates.length ? candidates : matchesOf(decoy, prepared)) {
      for (const signature of presented.signatures) attempts.push({ key, presented, data, signature });
    }
    const matchOf = (verdicts: readonly boolean[]) =>
      candidates[Math.floor(verdicts.indexOf(true) / presented.signatures.length)];
    return whenThere(inTurn(attempts, isBy), matchOf, unusable);
  } catch (cause) {
    return unusable(cause);
  }
}

/**
 * @throws SignatureError `retired_secret` for one that has ended.
 */
export function requireActive(match: Match, now: number): void {
  if (!isActive(match, now)) fail('retired_secret', 'The secret has been replaced by another: sign with that.', 401);
}

/** Whether the secret has not ended. */
export const isActive = ({ secret: { expiresAt = Infinity } }: Match, now: number): boolean => now < expiresAt;

function begun(record: KeyRecord, { presented, prepared, now }: Trial): readonly Match[] {
  const found: Match[] = [];
  for (const secret of record.secrets) {
    const { notBefore = -Infinity } = secret;
    const key = now >= notBefore ? prepared.get(secret) : undefined;
    // An algorithm belongs to a key, and no word of the request can make it another.
    if (key && (presented.algorithm ?? key.algorithm) === key.algorithm) found.push({ secret, key });
  }
  return found.length < 2 ? found : found.sort((a, b) => endOf(b.secret) - endOf(a.secret));
}

const endOf = ({ expiresAt = Infinity }: KeySecret): number => Math.min(expiresAt, Number.MAX_SAFE_INTEGER);

function matchesOf(secret: KeySecret, prepared: PreparedKeys): readonly Match[] {
  const key = prepared.get(secret);
  return key ? [{ secret, key }] : [];
}

type Attempt = {
  readonly key: SigningKey;
  readonly presented: PresentedSignature;
  readonly data: Uint8Array;
  readonly signature: Uint8Array;
};

function isBy({ key, presented, data, signature }: Attempt): Eventual<boolean> {
  const own = presented.deriveKey ? presented.deriveKey(key) : key;
  return whenThere(own, (derived) => derived.verify(data, signature));
}
