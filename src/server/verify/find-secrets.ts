import type { Awaitable } from '../../core/awaitable.ts';
import type { KeyRecord, KeySecret } from '../contracts.ts';
import type { PreparedKeys, PreparedSecret } from './prepared-keys.ts';
import type { SessionSecrets } from './session-secrets.ts';
import type { Candidate } from './signatures.ts';
import { usableKey } from './usable-key.ts';

/** A signature, and what may have made it. */
export type Trial = {
  readonly candidate: Candidate;
  readonly record: KeyRecord | undefined;
  /** Of the scheme of the signature. */
  readonly prepared: PreparedKeys;
  /** Of all schemes of the verifier. */
  readonly others: readonly PreparedKeys[];
  /** In milliseconds since the epoch. */
  readonly now: number;
  readonly sessions: SessionSecrets;
};

/** The secrets that may have made a signature. */
export type FoundSecrets = {
  /** The one that expires last comes first. */
  readonly secrets: readonly PreparedSecret[];
  /** Tried if there is no secret, so that timing does not reveal which access keys exist. None of them can match. */
  readonly decoys: readonly PreparedSecret[];
};

// Random, so that nobody can sign with it and learn from the time it takes that an access key does not exist. Made when it is first
// needed, because Workers allow no random values before a request.
let decoy: KeySecret | undefined;

/**
 * Finds the secrets of a record that may have made a signature; for a session, what is derived from them. Synchronous for an ordinary
 * access key.
 *
 * @param unusable collects why a secret cannot be used.
 * @throws SignatureError `invalid_credentials` for a secret that no scheme can use.
 */
export function findSecrets(trial: Trial, unusable: unknown[]): Awaitable<FoundSecrets> {
  const { candidate } = trial;
  const parents = startedSecrets(trial, unusable);
  if (candidate.session) return findSessionSecrets(trial, { parents, unusable });
  const secrets = ofAlgorithm(parents, candidate);
  return { secrets, decoys: secrets.length ? [] : preparedDecoy(trial) };
}

async function findSessionSecrets(
  trial: Trial,
  { parents, unusable }: { readonly parents: readonly PreparedSecret[]; readonly unusable: unknown[] },
): Promise<FoundSecrets> {
  const { candidate } = trial;
  const secrets = ofAlgorithm(await sessionSecrets(parents, { trial, unusable }), candidate);
  // Of a bound session the tag was tried already, which costs as much.
  const isTried = secrets.length > 0 || (candidate.session?.binding && parents.length > 0);
  return { secrets, decoys: isTried ? [] : await sessionSecrets(preparedDecoy(trial), { trial, unusable: [] }) };
}

function preparedDecoy({ prepared }: Trial): readonly PreparedSecret[] {
  decoy ??= { secret: crypto.getRandomValues(new Uint8Array(32)) };
  const key = prepared.get(decoy);
  return key ? [{ secret: decoy, key }] : [];
}

/** The secrets of a record that have started and that the scheme can use. */
function startedSecrets({ record, prepared, others, now }: Trial, unusable: unknown[]): readonly PreparedSecret[] {
  const started: PreparedSecret[] = [];
  // Not with flatMap, which costs as much as reading all headers.
  for (const secret of record?.secrets ?? []) {
    const { notBefore = -Infinity } = secret;
    const key = now >= notBefore ? usableKey(secret, { prepared, others, unusable }) : undefined;
    if (key) started.push({ secret, key });
  }
  return started;
}

/** The secrets of the session that are derived from those of its parent, or its public key. */
async function sessionSecrets(
  parents: readonly PreparedSecret[],
  { trial, unusable }: { readonly trial: Trial; readonly unusable: unknown[] },
): Promise<readonly PreparedSecret[]> {
  const { candidate, prepared, sessions } = trial;
  const found: PreparedSecret[] = [];
  for (const { secret } of parents) {
    const own = candidate.session && (await sessions.derive(candidate.session, secret, prepared));
    if (typeof own === 'string') unusable.push(own);
    else if (own) found.push(own);
  }
  return found;
}

/** Those that fit the signature's algorithm. The one that expires last comes first. */
function ofAlgorithm(secrets: readonly PreparedSecret[], { presented }: Candidate): readonly PreparedSecret[] {
  const { algorithm } = presented;
  // The algorithm belongs to the key. A request can only name it, never choose it.
  const found = secrets.filter(({ key }) => (algorithm ?? key.algorithm) === key.algorithm);
  return found.length < 2 ? found : found.sort((a, b) => endOf(b.secret) - endOf(a.secret));
}

const endOf = ({ expiresAt = Infinity }: KeySecret): number => Math.min(expiresAt, Number.MAX_SAFE_INTEGER);
