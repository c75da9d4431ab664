import type { Scheme } from '../core/scheme.ts';
import { secretState } from '../server/keys/key-lifecycle.ts';
import { findKey } from '../server/verify/find-key.ts';
import { bodyVariations } from './bodies.ts';
import { findBodyCause } from './body-cause.ts';
import { type CandidateSigner, mistakenSigners, ownSigners } from './candidate-signers.ts';
import type { Difference } from './difference.ts';
import type { Effort } from './effort.ts';
import { lazy } from './effort.ts';
import type { ExplainOptions, SignatureExplanation } from './explanation.ts';
import { isBound } from './find-record.ts';
import { judgeFreshness, timeDifference } from './freshness.ts';
import type { ReadRequest } from './read-request.ts';
import { type Fit, searchFit } from './search.ts';
import { tryRead, type Variation } from './variation.ts';
import { listVariations } from './variations.ts';

/** The cause of a signature that does not verify. */
export type Cause = Pick<SignatureExplanation, 'differences' | 'signedString'>;

/** The settings of the search for a cause. */
export type CauseRules = ExplainOptions & {
  readonly scheme: Scheme;
  readonly tolerance: number;
  readonly now: number;
  readonly effort: Effort;
  /** For a response to a caller that may be anyone: says nothing that the received request and the secret do not prove. @default false */
  readonly guarded?: boolean;
};

/**
 * Finds the cause if a request is readable but does not verify.
 *
 * @throws SignatureError `key_store_unavailable`
 */
export async function findCause(read: ReadRequest, rules: CauseRules): Promise<Cause> {
  const { base, reading, forms } = read;
  const { scheme, now, tolerance, effort } = rules;
  const bodies = lazy(async () => (rules.withoutBody ? [] : bodyVariations(base, effort)));
  const fit = await findFit(read, { ...rules, bodies });
  // After a fit, skipped steps cannot contain the cause any more.
  if (fit) effort.leftOut.clear();
  const signed = fit && tryRead(scheme, fit.guess);
  const { presented } = signed ?? reading;
  return {
    differences: [
      ...forms,
      ...(fit?.differences ?? []),
      ...(fit && !fit.signer.difference ? describeSecretState(fit.signer, now) : []),
      ...(fit ? [] : describeUnknownKey(read)),
      ...describeKeyUse(read, scheme),
      ...(rules.withoutBody ? [] : await findBodyCause(presented.body, { base, effort, variations: bodies })),
      ...timeDifference(judgeFreshness(presented, { now, tolerance })),
    ],
    ...(signed?.text !== undefined && signed.text !== reading.text && { signedString: signed.text }),
  };
}

/** Finds the differences with which the signature fits; undefined if no usual ones do. */
async function findFit(
  { base, reading, record, accessKey, signers }: ReadRequest,
  rules: CauseRules & { bodies(): Promise<readonly Variation[]> },
): Promise<Fit | undefined> {
  const { scheme, keys, origins = [], paths = [], otherKeys = [], effort, guarded } = rules;
  const { bodies } = rules;
  const variations = () => listVariations(base, { scheme, reading, effort, origins, paths, guarded, bodies });
  const spelled: CandidateSigner[] = [];
  for (const other of record ? [] : [accessKey.toLowerCase(), accessKey.toUpperCase()]) {
    const found = other === accessKey ? undefined : await findKey(keys, other);
    if (found)
      spelled.push(
        ...ownSigners(scheme, found).map((signer) => ({ ...signer, difference: describeSpelling(accessKey, other) })),
      );
  }
  const strangers = [...spelled, ...mistakenSigners(scheme, { record, accessKey, others: otherKeys, guarded })];
  return searchFit({ scheme, received: base, variations, signers, strangers, effort, guarded });
}

const describeSpelling = (accessKey: string, other: string): Difference => ({
  code: 'access-key',
  message: `The request has the access key ${accessKey}; the key is ${other}.`,
  remedy: "In the caller's settings, copy the access key as issued: it is case-sensitive.",
  proven: true,
});

function describeUnknownKey({ record, accessKey }: ReadRequest): readonly Difference[] {
  if (record) return [];
  return [
    {
      code: 'access-key',
      message: `No key has the access key ${accessKey}.`,
      remedy:
        "In the caller's settings, check that the access key is complete and belongs to this environment; on the server, check the keys.",
      proven: true,
    },
  ];
}

/** Reports that the key is of another kind than the signature. */
function describeKeyUse(read: ReadRequest, scheme: Scheme): readonly Difference[] {
  const binding = describeBinding(read, scheme);
  return binding.length ? binding : describeAlgorithm(read);
}

/** Reports a shared secret in the place of the key pair to which a session is bound: the claim in its access key decides. */
function describeBinding({ record, reading, accessKey }: ReadRequest, scheme: Scheme): readonly Difference[] {
  const { algorithm = '' } = reading.presented;
  if (!record || !isBound(accessKey) || (scheme.publicKeys && !algorithm.startsWith('hmac'))) return [];
  const how = scheme.publicKeys ? `by ${algorithm}` : `by ${scheme.name}`;
  return [
    {
      code: 'binding',
      message: `The session is bound to a key pair; the request is signed with a shared secret, ${how}.`,
      remedy:
        "In the caller's code, sign by rfc9421 with the private key of the pair; or issue a session that has a secret, with issueSession.",
      proven: true,
    },
  ];
}

/** Reports an algorithm that is not that of any secret of the key: a verifier refuses it regardless of the signature. */
function describeAlgorithm({ record, reading, signers }: ReadRequest): readonly Difference[] {
  const { algorithm } = reading.presented;
  const known = [...new Set(signers.map(({ key }) => key.algorithm))];
  if (!record || algorithm === undefined || known.includes(algorithm)) return [];
  return [
    {
      code: 'algorithm',
      message: `The signature states ${algorithm}; the key is for ${known.join(', ') || 'no algorithm of the scheme'}.`,
      remedy: "In the caller's code, sign with the algorithm of the key, or add a key for the other one on the server.",
      proven: true,
    },
  ];
}

/** Reports that the signature was made with a secret that is not valid at this time. */
function describeSecretState({ entry, id }: CandidateSigner, now: number): readonly Difference[] {
  const state = entry && secretState(entry, now);
  if (state !== 'revoked' && state !== 'next') return [];
  const which = id === undefined ? 'A secret' : `The secret ${id}`;
  return [
    {
      code: 'secret-ended',
      message: `${which} of the key made the signature, but it is ${state === 'next' ? 'not valid yet' : 'no longer valid'}.`,
      remedy:
        state === 'next'
          ? 'Sign with the current secret until the next one becomes valid.'
          : "In the caller's settings, replace the old secret with the new one.",
      proven: true,
    },
  ];
}
