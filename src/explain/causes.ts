import type { Scheme } from '../core/scheme.ts';
import { secretState } from '../server/keys/key-lifecycle.ts';
import { findKey } from '../server/verify/find-key.ts';
import { addressVariations } from './address.ts';
import { bodyVariations } from './bodies.ts';
import { findBodyCause } from './body-cause.ts';
import { type CandidateSigner, mistakenSigners, ownSigners } from './candidate-signers.ts';
import type { Difference } from './difference.ts';
import type { Effort } from './effort.ts';
import { lazy } from './effort.ts';
import type { ExplainOptions, SignatureExplanation } from './explanation.ts';
import { fieldVariations } from './fields.ts';
import { judgeFreshness, timeDifference } from './freshness.ts';
import { pathVariations } from './path.ts';
import { queryVariations } from './query.ts';
import type { ReadRequest } from './read-request.ts';
import { type Fit, tryFit } from './search.ts';
import { writtenVariations } from './spelling.ts';
import { isMadeOfBody, tryRead, type Variation } from './variation.ts';

/** What was found out about a signature that does not verify. */
export type Cause = Pick<SignatureExplanation, 'differences' | 'signedString'>;

/** Where a cause is looked for, beside the request. */
export type CauseRules = ExplainOptions & {
  readonly scheme: Scheme;
  readonly tolerance: number;
  readonly now: number;
  readonly effort: Effort;
};

/**
 * Why a request that can be read does not verify.
 *
 * @throws SignatureError `key_store_unavailable`
 */
export async function findCause(read: ReadRequest, rules: CauseRules): Promise<Cause> {
  const { base, reading, forms } = read;
  const { scheme, now, tolerance, effort } = rules;
  const bodies = lazy(() => bodyVariations(base, effort));
  const fit = await fitIn(read, { ...rules, bodies });
  // What was left out before a fit explains nothing more.
  if (fit) effort.leftOut.clear();
  const signed = fit && tryRead(scheme, fit.guess);
  const { presented } = signed ?? reading;
  return {
    differences: [
      ...forms,
      ...(fit?.differences ?? []),
      ...(fit && !fit.signer.difference ? endedSecret(fit.signer, now) : []),
      ...(fit ? [] : unknownKey(read)),
      ...foreignAlgorithm(read),
      ...(await findBodyCause(presented.body, { base, effort, variations: bodies })),
      ...timeDifference(judgeFreshness(presented, { now, tolerance })),
    ],
    ...(signed?.text !== undefined && signed.text !== reading.text && { signedString: signed.text }),
  };
}

/** By what the signature fits; undefined where nothing usual does. */
async function fitIn(
  { base, reading, record, accessKey, signers }: ReadRequest,
  rules: CauseRules & { bodies(): Promise<readonly Variation[]> },
): Promise<Fit | undefined> {
  const { scheme, keys, origins = [], paths = [], otherKeys = [], effort } = rules;
  const variations = async (): Promise<readonly Variation[]> => [
    ...addressVariations(base, origins),
    ...pathVariations(base, paths),
    ...queryVariations(base),
    ...fieldVariations(base, scheme.fields),
    ...(isMadeOfBody(reading) ? await rules.bodies() : []),
    ...writtenVariations(reading.text),
  ];
  const spelled: CandidateSigner[] = [];
  for (const other of record ? [] : [accessKey.toLowerCase(), accessKey.toUpperCase()]) {
    const found = other === accessKey ? undefined : await findKey(keys, other);
    if (found)
      spelled.push(
        ...ownSigners(scheme, found).map((signer) => ({ ...signer, difference: respelled(accessKey, other) })),
      );
  }
  const strangers = [...spelled, ...mistakenSigners(scheme, { record, others: otherKeys })];
  return tryFit({ scheme, received: base, variations, signers, strangers, effort });
}

const respelled = (accessKey: string, other: string): Difference => ({
  code: 'access-key',
  message: `The request names the access key ${accessKey}; the key is ${other}.`,
  remedy: "In the caller's settings, copy the access key as it was issued: upper and lower case differ.",
  proven: true,
});

function unknownKey({ record, accessKey }: ReadRequest): readonly Difference[] {
  if (record) return [];
  return [
    {
      code: 'access-key',
      message: `No key has the access key ${accessKey}.`,
      remedy:
        "In the caller's settings, see that the access key is whole and of this environment; on the server, that the keys are.",
      proven: true,
    },
  ];
}

/** An algorithm that is no key's own, which a verifier refuses whoever signed. */
function foreignAlgorithm({ record, reading, signers }: ReadRequest): readonly Difference[] {
  const { algorithm } = reading.presented;
  const known = [...new Set(signers.map(({ key }) => key.algorithm))];
  if (!record || algorithm === undefined || known.includes(algorithm)) return [];
  return [
    {
      code: 'algorithm',
      message: `The signature is by ${algorithm}; the key is for ${known.join(', ') || 'none that the scheme has'}.`,
      remedy: "In the caller's code, sign by the algorithm of the key, or give the server a key for the other one.",
      proven: true,
    },
  ];
}

/** That a secret made the signature which does not verify at this time. */
function endedSecret({ entry, id }: CandidateSigner, now: number): readonly Difference[] {
  const state = entry && secretState(entry, now);
  if (state !== 'revoked' && state !== 'next') return [];
  const which = id === undefined ? 'A secret' : `The secret ${id}`;
  return [
    {
      code: 'secret-ended',
      message: `${which} of the key made the signature, and verifies ${state === 'next' ? 'nothing yet' : 'nothing any more'}.`,
      remedy:
        state === 'next'
          ? 'Sign with the current secret until the next one begins.'
          : "In the caller's settings, put the new secret in the place of the old one.",
      proven: true,
    },
  ];
}
