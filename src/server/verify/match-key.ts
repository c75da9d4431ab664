import { chain, isPromise } from '../../core/awaitable.ts';
import { bytesToSign } from '../../core/encoding.ts';
import { fail, SignatureError } from '../../core/errors.ts';
import type { Scheme, ToSign } from '../../core/scheme.ts';
import type { KeyRecord, KeyStore } from '../contracts.ts';
import type { BodyReader } from './body.ts';
import { requireAllowed } from './checks.ts';
import { findKey, requireUsable } from './find-key.ts';
import { findSecrets, type Trial } from './find-secrets.ts';
import { type PreparedSecret, prepareKeys, requireActive } from './prepared-keys.ts';
import { createSecretRegistry } from './secret-registry.ts';
import { createSessionSecrets } from './session-secrets.ts';
import type { Candidate } from './signatures.ts';

/** A signature of a request, the key that it names, and the secret that made it. */
export type Match = {
  readonly candidate: Candidate;
  readonly stringToSign: ToSign;
  readonly record: KeyRecord | undefined;
  /** Undefined if no secret of the record made the signature. */
  readonly secret: PreparedSecret | undefined;
  /** Why the body was not read, for schemes whose string to sign includes it. */
  readonly refusal?: SignatureError;
};

/** All valid signatures of a request, one per scheme. Each would be sufficient if the others were removed. */
export type Matches = readonly [Match, ...Match[]];

/** The circumstances of one request. */
export type MatchContext = {
  /** In milliseconds since the epoch. */
  readonly now: number;
  readonly body: BodyReader;
  /** The client's address, if known. */
  readonly address: string | undefined;
};

export type KeyMatcherOptions = {
  readonly schemes: readonly Scheme[];
  /** @throws SignatureError if the time or the challenge of a signature is not accepted at `now`, in milliseconds. */
  readonly requireTimely: (candidate: Candidate, now: number) => void;
};

/**
 * Creates the function that finds the keys of a request's signatures. It returns the signatures that verify, or the first
 * candidate if none does. Signing keys are prepared once per scheme and secret.
 *
 * @throws SignatureError `key_store_unavailable`, and errors of {@link BodyReader}, from the function.
 */
export function createKeyMatcher(
  keys: KeyStore,
  { schemes, requireTimely }: KeyMatcherOptions,
): (candidates: readonly Candidate[], context: MatchContext) => Promise<Matches> {
  const prepared = new Map(schemes.map((scheme) => [scheme, prepareKeys(scheme)]));
  const others = [...prepared.values()];
  const requireOwnSecrets = createSecretRegistry(prepared);
  const sessions = createSessionSecrets(prepared);

  /**
   * The reason not to read the body for a string to sign that includes it: the key is not usable, or the signature not timely.
   * An unauthenticated caller then cannot make the server read bodies.
   */
  function readRefusal(candidate: Candidate, record: KeyRecord | undefined, now: number) {
    try {
      requireUsable(record, now);
      requireTimely(candidate, now);
      return undefined;
    } catch (error) {
      if (error instanceof SignatureError) return error;
      throw error;
    }
  }

  async function matchKey(candidate: Candidate, record: KeyRecord | undefined, context: MatchContext): Promise<Match> {
    if (record) requireOwnSecrets(record);
    const { scheme, presented } = candidate;
    let { stringToSign } = presented;
    if (typeof stringToSign === 'function') {
      const refusal = readRefusal(candidate, record, context.now);
      if (refusal) return { candidate, stringToSign: '', record, secret: undefined, refusal };
      stringToSign = stringToSign((await context.body.read()) ?? new Uint8Array());
    }
    const of = prepared.get(scheme) ?? prepareKeys(scheme);
    const secret = await matchSecret({
      candidate,
      stringToSign,
      record,
      prepared: of,
      others,
      now: context.now,
      sessions,
    });
    if (secret && candidate.session) sessions.keep(candidate.session, secret.secret);
    return { candidate, stringToSign, record, secret };
  }

  return async (candidates, context) => {
    const matches: Match[] = [];
    let failure: SignatureError | undefined;
    for (const candidate of candidates) {
      const found = findKey(keys, candidate.session?.parent ?? candidate.accessKey);
      const record = isPromise(found) ? await found : found;
      try {
        matches.push(await matchKey(candidate, record, context));
      } catch (error) {
        // A failure under one scheme must not prevent the others from being tried.
        if (!(error instanceof SignatureError)) throw error;
        failure ??= error;
      }
    }
    return chooseMatches(matches, { failure, context });
  };
}

type SignedTrial = Trial & Pick<Match, 'stringToSign'>;

/**
 * Finds the secret that made one of the signatures. An expired secret can match too, so that {@link requireActive} can report the
 * precise reason.
 *
 * @throws SignatureError `key_store_unavailable` for a secret that no scheme can use; `signature_mismatch` if only another scheme can
 * use a secret, and no other matches: a caller sees the same as for an unknown key.
 */
async function matchSecret(trial: SignedTrial): Promise<PreparedSecret | undefined> {
  const unusable: unknown[] = [];
  let matched: PreparedSecret | undefined;
  try {
    const found = findSecrets(trial, unusable);
    const { secrets, decoys } = isPromise(found) ? await found : found;
    const verified = await verifyAll(secrets.length ? secrets : decoys, trial);
    matched = secrets.find((_, i) => verified[i]);
  } catch (cause) {
    return fail('key_store_unavailable', 'The key store returned a secret that no scheme can use.', 503, cause);
  }
  if (!matched && unusable.length) {
    const [first] = unusable;
    const { name } = trial.candidate.scheme;
    const reason = `A secret of the key cannot be used by the scheme ${name}, and no other made the signature.`;
    fail('signature_mismatch', typeof first === 'string' ? first : reason, 401, first);
  }
  return matched;
}

/** For each secret, true if it made one of the signatures. All are tried, so that timing does not reveal which one matches. */
async function verifyAll(secrets: readonly PreparedSecret[], trial: SignedTrial): Promise<readonly boolean[]> {
  const { signatures, deriveKey } = trial.candidate.presented;
  const data = bytesToSign(trial.stringToSign);
  const results: boolean[] = [];
  for (const { key } of secrets) {
    let verified = false;
    for (const signature of signatures) {
      const valid = deriveKey
        ? chain(deriveKey(key), (own) => own.verify(data, signature))
        : key.verify(data, signature);
      if ((isPromise(valid) ? await valid : valid) === true) verified = true;
    }
    results.push(verified);
  }
  return results;
}

/**
 * Requires that a usable key made the signature, and may use this scheme, algorithm and address.
 *
 * @throws SignatureError `unknown_key`, `revoked_key`, `expired_key`, `inactive_key`, `signature_mismatch`, `retired_secret`,
 * `scheme_not_allowed`, `address_not_allowed`
 */
export function requireMatch(
  { candidate, record, secret, refusal }: Match,
  { now, address }: Pick<MatchContext, 'now' | 'address'>,
): { readonly record: KeyRecord; readonly secret: PreparedSecret } {
  if (refusal) throw refusal;
  requireUsable(record, now);
  if (!secret) fail('signature_mismatch', 'No active secret of the key produces this signature for this request.', 401);
  requireActive(secret, now);
  requireAllowed(record, { scheme: candidate.scheme.name, algorithm: secret.key.algorithm, address });
  return { record, secret };
}

type Attempts = {
  /** The first error of signatures that could not be tried. */
  readonly failure: SignatureError | undefined;
  readonly context: MatchContext;
};

function chooseMatches(matches: readonly Match[], { failure, context }: Attempts): Matches {
  const valid = preferActive(matches, context);
  if (isSome(valid)) {
    // Otherwise anyone with a key could attach a captured signature to a request, and so use up its nonce.
    const [{ candidate }] = valid;
    if (valid.some((match) => match.candidate.accessKey !== candidate.accessKey))
      fail('signature_mismatch', 'The signatures of the request are by different access keys.', 401);
    return valid;
  }
  const [first] = matches;
  // A signature that was tried comes first: a fault of another key's record is no free guess at this one.
  if (!first) throw failure;
  return [first];
}

const isSome = (matches: readonly Match[]): matches is Matches => matches.length > 0;

/** The matches that would be accepted, or else the first: a retired secret must not block the one that replaced it. */
function preferActive(matches: readonly Match[], context: MatchContext): readonly Match[] {
  const matched = matches.filter(({ secret }) => secret);
  if (matched.length < 2) return matched;
  const accepted = matched.filter((match) => {
    try {
      return requireMatch(match, context);
    } catch {
      return false;
    }
  });
  return accepted.length ? accepted : matched.slice(0, 1);
}
