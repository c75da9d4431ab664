import type { Credentials } from '../core/credentials.ts';
import { fail, SignatureError } from '../core/errors.ts';
import type { FindingCode } from '../core/finding.ts';
import type { Message } from '../core/message.ts';
import { retirementField, retirementValue } from '../core/retirement.ts';
import type { Scheme } from '../core/scheme.ts';
import type { SigningKey } from '../core/signing-key.ts';
import { allowUnsignedPayload } from '../core/switches.ts';
import { countersignV1 } from '../schemes/countersign-v1.ts';
import { report } from './audit.ts';
import { bodyReader, requireBody } from './body-step.ts';
import type { AuditSink, Challenges, KeyRecord, KeyStore, Limiter, Principal, ReplayStore } from './contracts.ts';
import {
  type Countersigner,
  countersignedReply,
  countersignedResponse,
  countersigners,
  requireCountersigner,
} from './countersign.ts';
import { isActive } from './key-steps.ts';
import { type Budget, giveBack, rateLimitHeaders, withinLimit } from './limits.ts';
import { type Proof, proverOf, requireProved } from './prove.ts';
import { messagesAt, type PublicAddress, type ReceivedRequest } from './received.ts';
import { claimsOf, requireUnseen } from './replay-step.ts';
import { type Reply, replyTo } from './reply.ts';
import { acceptedSchemes, type Candidate, signaturesIn } from './schemes.ts';
import { requireChallenge, requireFresh, requireScope } from './steps.ts';
import { touched } from './touch.ts';

/** Whose signatures are accepted, and within what limits. */
export type VerifierOptions = PublicAddress & {
  readonly keys: KeyStore;
  readonly replay: ReplayStore;
  /** By what a request may be signed: one scheme, or several while callers move from one to another. @default countersignV1 */
  readonly scheme?: Scheme | readonly Scheme[];
  /** What of the schemes' findings of high severity is known and accepted. @default [] */
  readonly accept?: readonly FindingCode[];
  /** Issues and checks what schemes with a challenge sign. @default none */
  readonly challenges?: Challenges;
  /**
   * The server's own private key, to sign answers with in schemes with public keys: for callers who verify with its public
   * half. @default the caller's secret
   */
  readonly responseKey?: Credentials;
  /** How far a timestamp may be from this server's time, in either direction, in seconds; finite. @default 300 */
  readonly tolerance?: number;
  /** The largest body that is read to be verified, in bytes. @default 10485760 (10 MiB) */
  readonly maxBodyBytes?: number;
  /** The time in milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
  /** Told of every attempt, once. @default none */
  readonly audit?: AuditSink;
  /**
   * Budgets. By client address: requests draw on it that are refused before a fresh, unseen signature of a known key is found in
   * them, and while that is not known, all; those without a known address share one budget, named `unknown`. By access key:
   * the others draw on it. @default none
   */
  readonly limits?: { readonly byAddress?: Limiter; readonly byKey?: Limiter };
  /** Accepts bodies that are not signed, where the caller says so; they are left unread. */
  readonly [allowUnsignedPayload]?: true;
};

/** What is known of a request beside what it says itself. */
export type VerifyContext = {
  /** Where the request came from, for limits and audit. */
  readonly address?: string;
  /** A scope that the key must have. */
  readonly scope?: string;
  /** Whose signature it must be, for schemes that carry no access key, as most webhooks. @default the scheme's name */
  readonly accessKey?: string;
  /** Tells the audit that the request is let through whatever the result, as {@link reportOnly} does. @default false */
  readonly reportOnly?: boolean;
  /** Whether the answer must be countersigned: refused, before its nonce is spent, is what nobody can answer so. @default false */
  readonly countersign?: boolean;
};

/** A request that is fresh, unseen, whole and signed by the principal. */
export type Verified<Received> = {
  readonly ok: true;
  readonly principal: Principal;
  /** The name of the scheme by which the request is signed. */
  readonly scheme: string;
  /** When the secret that signed stops verifying, where another takes its place; in milliseconds since the epoch. */
  readonly retiresAt?: number;
  /** The request, with a body that can be read. */
  readonly request: Received;
  /** The bytes of the body that were verified; undefined where there is none, or it is not signed. */
  readonly body: Uint8Array | undefined;
  /** To be added to the answer: when the secret retires, and what is left of the key's budget, where that is known. */
  readonly headers: Readonly<Record<string, string>>;
  /** Signs the answer to this request with the caller's secret, so that the caller knows whose it is. */
  countersign(response: Response): Promise<Response>;
};

/** A request that is not to be served, and why. */
export type Refused = {
  readonly ok: false;
  /** The precise reason: for logs, not for the caller. */
  readonly error: SignatureError;
  /** What to answer: as precise as the caller may know. */
  readonly reply: Reply;
};

/** Judges requests; made by {@link createVerifier}. */
export type Verifier = {
  /** Judges a request. Throws for nothing that a caller can send. */
  verify<Received extends Request | ReceivedRequest>(
    request: Received,
    context?: VerifyContext,
  ): Promise<Verified<Received> | Refused>;
};

/** What is known of an attempt so far: more with each step. */
type Attempt = {
  message?: Message;
  candidate?: Candidate | undefined;
  record?: KeyRecord | undefined;
  /** The key that made the signature: the caller is proved. */
  key?: SigningKey;
  /** Which of the record's secrets did. */
  secretId?: string | undefined;
  /** What the address has paid. */
  charge?: Budget;
  /** The budget that was drawn on last. */
  budget?: Budget;
  /** Whether the address gets back what it has paid. */
  honest?: true;
};

/**
 * Makes a verifier. Nothing is accepted that is not fresh, unseen, whole and signed with an active secret, but what `accept`
 * names.
 *
 * @throws SignatureError `invalid_configuration`, `invalid_credentials` for a `responseKey` that cannot sign.
 */
export function createVerifier(options: VerifierOptions): Verifier {
  const { keys, replay, scheme = countersignV1, clock = () => Date.now(), audit, limits = {}, accept = [] } = options;
  const { tolerance: seconds = 300, maxBodyBytes = 10 * 2 ** 20, challenges } = options;
  if (!(seconds > 0 && seconds < Infinity && maxBodyBytes >= 0)) {
    fail('invalid_configuration', 'tolerance must be a positive number of seconds, maxBodyBytes of bytes.');
  }
  if (challenges && !(challenges.lifetime > 0 && challenges.lifetime < Infinity)) {
    fail('invalid_configuration', 'The lifetime of challenges must be a positive number of seconds.');
  }
  const tolerance = seconds * 1000;
  // A request is fresh from one tolerance before its time to one after, so its nonce is remembered for both.
  const remembered = Math.max(2 * tolerance, (challenges?.lifetime ?? 0) * 1000);
  const schemes = acceptedSchemes(scheme, accept);
  const messageOf = messagesAt(options);
  const prover = proverOf({ keys, schemes });
  const countersignerOf = countersigners({ schemes, responseKey: options.responseKey, clock });
  const timeless = accept.includes('no-timestamp');
  const reusable = accept.includes('no-nonce');
  const bodyRules = {
    unsignedPayload: options[allowUnsignedPayload] === true,
    uncovered: accept.includes('body-unsigned'),
  };
  const howToSign = schemes.map((one) => one.challenge ?? {});

  async function judge<Received extends Request | ReceivedRequest>(
    request: Received,
    { address, scope, accessKey, countersign: wanted }: VerifyContext,
    attempt: Attempt,
  ): Promise<Verified<Received>> {
    const message = messageOf(request);
    attempt.message = message;
    const candidates = signaturesIn(message, schemes, accessKey);
    attempt.candidate = candidates[0];
    await charge(attempt, address);
    const now = clock();
    const read = bodyReader(request, maxBodyBytes);
    const proofs = await prover(candidates, { now, read, address });
    const [proof] = proofs;
    note(attempt, proof, now);
    const { record, match } = requireProved(proof, { now, address });
    const { scheme, presented } = proof.candidate;
    for (const { candidate } of proofs) {
      requireFresh(candidate.presented, { now, tolerance, timeless });
      requireChallenge(candidate.presented, challenges);
    }
    const countersigner = countersignerOf(attempt);
    requireCountersigner(countersigner, { wanted, scheme, match });
    const body = await requireBody(read, presented.body, bodyRules);
    // Another scheme may have read a body that this one does not sign.
    const carried = body ?? (await read.taken());
    const claims = await claimsOf(proofs, { now, remembered, reusable });
    for (const claim of claims) await requireUnseen(replay, claim);
    // Not before: whoever sends again what others have signed is no better than who signs with no key.
    attempt.honest = true;
    requireScope(record, scope);
    const headers = await draw(attempt, record.accessKey);
    if (keys.touch) touched(keys, record, now);
    const { expiresAt: retiresAt } = match.secret;
    return {
      ok: true,
      principal: principalOf(record),
      scheme: scheme.name,
      ...(retiresAt !== undefined && { retiresAt }),
      request: carried ? withBody(request, carried) : request,
      body,
      headers: { ...headers, ...(retiresAt !== undefined && { [retirementField]: retirementValue(retiresAt) }) },
      countersign: countersignWith(countersigner, scheme.name),
    };
  }

  /** Takes one from the budget of the address, in advance: many guesses at once are not let through before the first is judged. */
  async function charge(attempt: Attempt, address = 'unknown'): Promise<void> {
    if (!limits.byAddress || attempt.budget) return;
    attempt.budget = { name: 'address', limiter: limits.byAddress, key: address };
    await withinLimit(attempt.budget);
    attempt.charge = attempt.budget;
  }

  async function draw(attempt: Attempt, accessKey: string): Promise<Record<string, string>> {
    if (!limits.byKey) return {};
    const budget: Budget = { name: 'key', limiter: limits.byKey, key: accessKey };
    attempt.budget = budget;
    return rateLimitHeaders(budget, await withinLimit(budget));
  }

  async function refuse(cause: unknown, attempt: Attempt): Promise<Refused> {
    const error =
      cause instanceof SignatureError
        ? cause
        : new SignatureError('internal_error', 'The request could not be judged.', 500, { cause });
    const reply = replyTo(error, {
      scheme: (attempt.candidate?.scheme ?? schemes[0]).name,
      disclosed: attempt.key !== undefined || attempt.record?.explain === true,
      howToSign,
      challenge: error.status === 401 ? challenges?.issue() : undefined,
      budget: attempt.budget,
    });
    // So that a proved caller can believe it: the time in it, above all, where that caller's clock is wrong.
    const countersigner = countersignerOf(attempt);
    // A key that may only verify signs no answer.
    const signed = countersigner && (await countersignedReply(countersigner, reply).catch(() => undefined));
    return { ok: false, error, reply: signed ?? reply };
  }

  return {
    async verify(request, context = {}) {
      const begun = performance.now();
      const attempt: Attempt = {};
      let result: Verified<typeof request> | Refused;
      try {
        result = await judge(request, context, attempt);
      } catch (cause) {
        // What cannot even be read has cost the address nothing yet.
        const error = await charge(attempt, context.address).then(
          () => cause,
          (limited) => limited,
        );
        result = await refuse(error, attempt);
      }
      // What is the server's own fault is not the caller's either.
      const honest = attempt.honest || (!result.ok && result.error.status >= 500);
      if (attempt.charge && honest) await giveBack(attempt.charge);
      if (audit) {
        const { candidate, record, secretId } = attempt;
        report(audit, {
          time: clock(),
          duration: performance.now() - begun,
          request,
          address: context.address,
          accessKey: candidate?.accessKey,
          scheme: candidate?.scheme.name,
          secretId,
          nonce: candidate?.presented.nonce,
          record,
          error: result.ok ? undefined : result.error,
          reportOnly: context.reportOnly === true,
        });
      }
      return result;
    },
  };
}

function note(attempt: Attempt, { candidate, record, match }: Proof, now: number): void {
  attempt.candidate = candidate;
  attempt.record = record;
  attempt.secretId = match?.secret.id;
  // Who has a key that is revoked may be told so; who has a secret that was replaced is not its holder any more.
  if (match && isActive(match, now)) attempt.key = match.key;
}

const countersignWith =
  (countersigner: Countersigner | undefined, scheme: string) =>
  async (response: Response): Promise<Response> =>
    countersigner
      ? countersignedResponse(countersigner, response)
      : fail('invalid_configuration', `The scheme ${scheme} signs no responses.`, 500);

const principalOf = ({ accessKey, service, environment, scopes = [] }: KeyRecord): Principal => ({
  accessKey,
  service,
  environment,
  scopes,
});

// The body has been read, so another request must carry it on; but a Request of these methods can carry none.
function withBody<Received extends Request | ReceivedRequest>(request: Received, body: Uint8Array): Received {
  const web = 'arrayBuffer' in request;
  if (web && !body.length && /^(?:GET|HEAD)$/i.test(request.method)) return request;
  return (web ? new Request(request, { body: body as BodyInit }) : { ...request, body }) as Received;
}
