import { fail, SignatureError } from '../core/errors.ts';
import { type Eventual, inTurn, whenThere } from '../core/eventual.ts';
import type { Scheme, ToSign } from '../core/scheme.ts';
import { requireAllowed } from './allowed.ts';
import type { KeyRecord, KeyStore } from './contracts.ts';
import { findKey, type Match, matchingSecret, preparedKeys, requireActive, requireUsable } from './key-steps.ts';
import { ownSecretsOf } from './own-secrets.ts';
import type { BodyReader } from './received-body.ts';
import type { Candidate } from './schemes.ts';

/** Who made a signature, as far as could be told. */
export type Proof = {
  readonly candidate: Candidate;
  readonly stringToSign: ToSign;
  readonly record: KeyRecord | undefined;
  /** Undefined where no secret of the record made the signature. */
  readonly match: Match | undefined;
  /** Why its body was not read, of which it cannot be told without the body whose it is. */
  readonly refusal?: SignatureError;
};

/**
 * What proves a request, and whatever else does, by other schemes: each of them alone would prove the request again, were the
 * rest taken off.
 */
export type Proofs = readonly [Proof, ...Proof[]];

type Circumstances = {
  /** In milliseconds since the epoch. */
  readonly now: number;
  readonly body: BodyReader;
  /** @throws SignatureError where the signature is not to be judged now, whoever made it. */
  readonly requireTimely: (candidate: Candidate) => void;
  /** Where the request came from, where that is known. */
  readonly address: string | undefined;
};

/**
 * Finds the signatures, of those that the schemes found in a request, which a key made; the first one where none did. What
 * a key costs to prepare is paid once per scheme.
 *
 * @throws SignatureError (the function returned) `key_store_unavailable` where it cannot be told, and what reading a body throws.
 */
export function proverOf({ keys, schemes }: { readonly keys: KeyStore; readonly schemes: readonly Scheme[] }) {
  const prepared = new Map(schemes.map((scheme) => [scheme, preparedKeys(scheme)]));
  const requireOwnSecrets = ownSecretsOf(prepared);

  function prove(candidate: Candidate, record: KeyRecord | undefined, circumstances: Circumstances): Eventual<Proof> {
    const { now, body } = circumstances;
    const { scheme, presented } = candidate;
    const { stringToSign: given } = presented;
    if (record) requireOwnSecrets(record);
    const of = prepared.get(scheme) ?? preparedKeys(scheme);
    const proofBy = (stringToSign: ToSign) =>
      whenThere(matchingSecret(record, { presented, stringToSign, prepared: of, now }), (match) => ({
        candidate,
        stringToSign,
        record,
        match,
      }));
    if (typeof given !== 'function') return proofBy(given);
    const refusal = refusalOf(() => requireReadable(candidate, record, circumstances));
    if (refusal) return { candidate, stringToSign: '', record, match: undefined, refusal };
    return whenThere(body.read(), (bytes = new Uint8Array()) => proofBy(given(bytes)));
  }

  return (candidates: readonly Candidate[], circumstances: Circumstances): Eventual<Proofs> => {
    const tried = inTurn(candidates, (candidate) =>
      whenThere(findKey(keys, candidate.accessKey), (record) =>
        orRefusal(() => prove(candidate, record, circumstances)),
      ),
    );
    return whenThere(tried, (all) => decided(all, circumstances));
  };
}

/**
 * Before a body is read to find out who called: nobody has it read under a key that does not exist, or by a signature of another day.
 *
 * @throws SignatureError
 */
function requireReadable(candidate: Candidate, record: KeyRecord | undefined, circumstances: Circumstances): void {
  requireUsable(record, circumstances.now);
  circumstances.requireTimely(candidate);
}

function refusalOf(act: () => void): SignatureError | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    if (error instanceof SignatureError) return error;
    throw error;
  }
}

/** Another scheme may still know a key for which one has no use. */
function orRefusal(act: () => Eventual<Proof>): Eventual<Proof | SignatureError> {
  const refusal = (error: unknown): SignatureError => {
    if (!(error instanceof SignatureError)) throw error;
    return error;
  };
  try {
    return whenThere<Proof, Proof | SignatureError>(act(), (proof) => proof, refusal);
  } catch (error) {
    return refusal(error);
  }
}

function decided(tried: readonly (Proof | SignatureError)[], circumstances: Circumstances): Proofs {
  const proofs = tried.filter((one): one is Proof => !(one instanceof SignatureError));
  const proved = believed(proofs, circumstances);
  if (isSome(proved)) return proved;
  const failure: unknown = tried.find((one) => one instanceof SignatureError);
  const [first] = proofs;
  if (failure || !first) throw failure;
  return [first];
}

/**
 * Whose request it is.
 *
 * @throws SignatureError `unknown_key`, `revoked_key`, `expired_key`, `inactive_key`, `signature_mismatch`, `retired_secret`,
 * `scheme_not_allowed`, `address_not_allowed`
 */
export function requireProved(
  { candidate, record, match, refusal }: Proof,
  { now, address }: Pick<Circumstances, 'now' | 'address'>,
): { readonly record: KeyRecord; readonly match: Match } {
  if (refusal) throw refusal;
  requireUsable(record, now);
  if (!match) fail('signature_mismatch', 'No active secret of the key makes this signature of this request.', 401);
  requireActive(match, now);
  requireAllowed(record, { scheme: candidate.scheme.name, algorithm: match.key.algorithm, address });
  return { record, match };
}

const isSome = (proofs: readonly Proof[]): proofs is Proofs => proofs.length > 0;

/** Those that prove whose request it is. A retired secret, say, does not stand in the way of the one that replaced it. */
function believed(proofs: readonly Proof[], circumstances: Circumstances): readonly Proof[] {
  const matched = proofs.filter(({ match }) => match);
  if (matched.length < 2) return matched;
  const proved = matched.filter((proof) => {
    try {
      return requireProved(proof, circumstances);
    } catch {
      return false;
    }
  });
  return proved.length ? proved : matched.slice(0, 1);
}
