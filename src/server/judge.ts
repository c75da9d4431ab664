import { fail } from '../core/errors.ts';
import { inTurn, isPending, whenThere } from '../core/eventual.ts';
import { allowUnsignedPayload } from '../core/switches.ts';
import { type Attempt, noteProof } from './attempt.ts';
import { requireBody } from './body-step.ts';
import type { Budgets } from './budgets.ts';
import { type Answered, type Countersigner, requireCountersigner } from './countersign.ts';
import { handedOn } from './handed-on.ts';
import { proverOf, requireProved } from './prove.ts';
import { arrivalsAt, type ReceivedRequest } from './received.ts';
import { bodyReader } from './received-body.ts';
import { claimsOf, requireUnseen } from './replay-step.ts';
import { type acceptedSchemes, type Candidate, signaturesIn } from './schemes.ts';
import { requireChallenge, requireFresh, requireScope } from './steps.ts';
import { touched } from './touch.ts';
import { type Judged, verified } from './verdict.ts';
import type { VerifierOptions, VerifyContext } from './verifier-options.ts';

/** What a judge works with, beside the options. */
export type JudgeParts = {
  readonly schemes: ReturnType<typeof acceptedSchemes>;
  readonly budgets: Budgets;
  readonly clock: () => number;
  readonly countersignerOf: (answered: Answered) => Countersigner | undefined;
};

/** Judges one request, and writes down what it finds out. */
export type Judge = <Received extends Request | ReceivedRequest>(
  request: Received,
  context: VerifyContext,
  attempt: Attempt,
) => Promise<Judged<Received>>;

/**
 * The order of verification. Each step throws a SignatureError where it refuses.
 *
 * @throws SignatureError `invalid_configuration`
 */
export function judgeBy(options: VerifierOptions, { schemes, budgets, clock, countersignerOf }: JudgeParts): Judge {
  const { keys, replay, accept = [], challenges, tolerance: seconds = 300, maxBodyBytes = 10 * 2 ** 20 } = options;
  if (!(seconds > 0 && seconds < Infinity && maxBodyBytes >= 0)) {
    fail('invalid_configuration', 'tolerance must be a positive number of seconds, maxBodyBytes of bytes.');
  }
  if (challenges && !(challenges.lifetime > 0 && challenges.lifetime < Infinity)) {
    fail('invalid_configuration', 'The lifetime of challenges must be a positive number of seconds.');
  }
  const tolerance = seconds * 1000;
  // A request is fresh from one tolerance before its time to one after, so its nonce is remembered for both.
  const remembered = Math.max(2 * tolerance, (challenges?.lifetime ?? 0) * 1000);
  const arrivalOf = arrivalsAt(options);
  const prover = proverOf({ keys, schemes });
  const timeless = accept.includes('no-timestamp');
  const reusable = accept.includes('no-nonce');
  const unsigned = {
    unsignedPayload: options[allowUnsignedPayload] === true,
    uncovered: accept.includes('body-unsigned'),
  };
  const bodyRules = { read: { ...unsigned, left: false }, left: { ...unsigned, left: true } };

  function requireTimely(candidates: readonly Candidate[], now: number): void {
    for (const { presented } of candidates) {
      requireFresh(presented, { now, tolerance, timeless });
      requireChallenge(presented, challenges);
    }
  }

  return async (request, context, attempt) => {
    const { scope, accessKey, countersign: wanted, body: treatment = 'read' } = context;
    const arrival = arrivalOf(request, context.address);
    const { address } = arrival;
    attempt.address = address;
    // Before anything is parsed: parsing costs more than the limit does.
    const charged = budgets.charge(attempt);
    if (charged) await charged;
    const message = arrival.message();
    attempt.message = message;
    const candidates = signaturesIn(message, schemes, accessKey);
    attempt.candidate = candidates[0];
    const now = clock();
    const received = bodyReader(request, maxBodyBytes);
    const found = prover(candidates, {
      now,
      body: received,
      address,
      requireTimely: (one) => requireTimely([one], now),
    });
    const proofs = isPending(found) ? await found : found;
    const [proof] = proofs;
    noteProof(attempt, proof, now);
    const { record, match } = requireProved(proof, { now, address });
    const { scheme, presented } = proof.candidate;
    requireTimely(
      proofs.map(({ candidate }) => candidate),
      now,
    );
    const countersigner = countersignerOf(attempt);
    requireCountersigner(countersigner, { wanted, scheme, match });
    const held = requireBody(received, presented.body, bodyRules[treatment]);
    const judged = isPending(held) ? await held : held;
    const unseen = whenThere(claimsOf(proofs, { now, remembered, reusable }), (claims) =>
      inTurn(claims, (claim) => requireUnseen(replay, claim)),
    );
    if (isPending(unseen)) await unseen;
    // Not before: whoever sends again what others have signed is no better than who signs with no key.
    attempt.honest = true;
    requireScope(record, scope);
    const drawn = budgets.draw(attempt, record.accessKey);
    const headers = isPending(drawn) ? await drawn : drawn;
    if (keys.touch) touched(keys, record, now);
    const whole = handedOn(request, { target: message.presentedTarget, body: judged.carried });
    return verified(isPending(whole) ? await whole : whole, {
      record,
      match,
      scheme,
      judged,
      entrance: {
        address,
        scheme: message.scheme,
        authority: message.authority,
        target: message.presentedTarget,
      },
      headers,
      countersigner,
    });
  };
}
