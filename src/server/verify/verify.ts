import { isPromise } from '../../core/awaitable.ts';
import { fail } from '../../core/errors.ts';
import type { Message } from '../../core/message.ts';
import type { Scheme } from '../../core/scheme.ts';
import type { SessionKey } from '../../core/session/access-key.ts';
import type { SigningKey } from '../../core/signing-key.ts';
import { allowUnsignedPayload } from '../../core/unsafe-options.ts';
import type { KeyRecord } from '../contracts.ts';
import { type CountersignedRequest, type Countersigner, requireCountersigner } from '../response/countersign.ts';
import { type BodyReader, checkBody, createBodyReader } from './body.ts';
import type { Charges } from './charges.ts';
import { requireChallenge, requireFresh, requireScope } from './checks.ts';
import { recordKeyUse } from './find-key.ts';
import type { Budget } from './limits.ts';
import { createKeyMatcher, type Match, type MatchContext, type Matches, requireMatch } from './match-key.ts';
import { createRequestResolver, type ReceivedRequest, type ResolvedRequest } from './message.ts';
import { isActive, type PreparedSecret } from './prepared-keys.ts';
import { claimNonces } from './replay.ts';
import { acceptedResult, type Refused, type Verified, verifiedRequest } from './result.ts';
import { grantedScopes, principalSession, requireNotRevoked, requireRunning, requireWithin } from './session-checks.ts';
import { type Candidate, findSignatures } from './signatures.ts';
import { checkedNumbers } from './verifier-numbers.ts';
import type { VerifierOptions, VerifyContext } from './verifier-options.ts';

/**
 * Everything known about a request so far. Each step adds to it, so that refusals and audit events have it at any point. Only
 * this file writes it.
 */
export type Verification = {
  /** The client's address, if known. */
  address?: string | undefined;
  message?: Message;
  /** The body, which may have been read. */
  body?: BodyReader;
  /** The signature that authenticates the caller, or else the first one. */
  candidate?: Candidate | undefined;
  record?: KeyRecord | undefined;
  /** The scopes of the record, of a session only those that it names as well. */
  scopes?: readonly string[];
  /** The key that made the signature: the caller is authenticated. */
  key?: SigningKey | undefined;
  /** The `id` of the secret that made the signature. */
  secretId?: string | undefined;
  /** The budget of the address, if a point was consumed. */
  chargedAddress?: Budget;
  /** The last budget that was charged. */
  budget?: Budget;
  /** True once the nonce is claimed: from then on the key pays, and not the address. */
  claimed?: true;
};

/** What the steps need in addition to the options. */
export type VerificationParts = {
  readonly schemes: readonly Scheme[];
  readonly charges: Charges;
  readonly clock: () => number;
  readonly countersignerOf: (request: CountersignedRequest) => Countersigner | undefined;
  /** See {@link Verified.checkScope}. */
  checkScope(
    request: Request | ReceivedRequest,
    verification: Verification,
    scope: string,
  ): Promise<Refused | undefined>;
};

/** Verifies one request and records in `verification` what it finds. Throws a SignatureError to refuse. */
export type Verify = <Received extends Request | ReceivedRequest>(
  request: Received,
  context: VerifyContext,
  verification: Verification,
) => Promise<Verified<Received>>;

// From this duration on, the key is looked up again after a body was read, in milliseconds.
const slow = 1000;

/** Whose request it is. */
type Authenticated = {
  readonly match: Match;
  readonly matches: Matches;
  readonly record: KeyRecord;
  readonly secret: PreparedSecret;
  /** When it was found out, in milliseconds since the epoch. */
  readonly now: number;
};

/** What a session is judged by. */
type Asked = { readonly message: Message; readonly sessions: VerifyContext['sessions'] | undefined };

/**
 * Creates the function that runs the steps of verification, in the order of docs/protocol.md.
 *
 * @throws SignatureError `invalid_configuration`
 */
export function createVerify(options: VerifierOptions, parts: VerificationParts): Verify {
  const { keys, replay, acceptFindings = [], challenges, revokedSessions } = options;
  const { schemes, charges, clock, countersignerOf, checkScope } = parts;
  const {
    tolerance,
    remembered,
    timelessMemory,
    maxBodyBytes,
    maxSessionLifetime: maxLifetime,
  } = checkedNumbers(options);
  const resolveRequest = createRequestResolver(options);
  const timeless = acceptFindings.includes('no-timestamp');
  const reusable = acceptFindings.includes('no-nonce');
  const reportDuplicates = options.duplicates === 'report';
  const unsigned = {
    unsignedPayload: options[allowUnsignedPayload] === true,
    uncovered: acceptFindings.includes('body-unsigned'),
  };
  const bodyRules = { read: { ...unsigned, deferred: false }, deferred: { ...unsigned, deferred: true } };

  function requireTimely({ presented, session }: Candidate, now: number): void {
    requireFresh(presented, { now, tolerance, timeless });
    requireChallenge(presented, challenges);
    if (session) requireRunning(session, { now, tolerance });
  }
  const findMatches = createKeyMatcher(keys, { schemes, requireTimely });

  async function requireSession(session: SessionKey, { record }: Match, { message, sessions }: Asked): Promise<void> {
    requireWithin(session, message, { record, maxLifetime, sessions });
    if (revokedSessions) await requireNotRevoked(session, { revoked: revokedSessions, tolerance });
  }

  /** Finds the key that made the signature, and requires that key and signatures are valid at `now`. */
  async function authenticate(
    candidates: readonly Candidate[],
    context: MatchContext & Asked,
    verification: Verification,
  ): Promise<Authenticated> {
    const { now } = context;
    const matches = await findMatches(candidates, context);
    const [match] = matches;
    recordMatch(verification, match, now);
    const { record, secret } = requireValid(matches, context);
    for (const one of matches) if (one.candidate.session) await requireSession(one.candidate.session, one, context);
    return { match, matches, record, secret, now };
  }

  /** Requires that the key may be used now, and that every signature that could be used alone is timely. */
  function requireValid(
    matches: Matches,
    context: Pick<MatchContext, 'now' | 'address'>,
  ): ReturnType<typeof requireMatch> {
    const found = requireMatch(matches[0], context);
    for (const { candidate } of matches) requireTimely(candidate, context.now);
    return found;
  }

  return async (request, context, verification) => {
    // The address and its limit come before parsing, which costs more than the limiter.
    verification.address = context.address;
    let resolved: ResolvedRequest;
    try {
      resolved = resolveRequest(request, context.address);
    } catch (error) {
      // A request whose client cannot be determined is charged as well.
      await charges.chargeAddress(verification);
      throw error;
    }
    const { address } = resolved;
    verification.address = address;
    await charges.chargeAddress(verification);

    // The syntax of the request and its signatures.
    const message = resolved.message();
    verification.message = message;
    const candidates = findSignatures(message, schemes, context.accessKey);
    verification.candidate = candidates[0];

    // The key, its signature, its state, and its time.
    const reader = createBodyReader(request, maxBodyBytes);
    verification.body = reader;
    const { sessions } = context;
    // Written out each time: a spread took a fifth of a verification.
    const asked = { now: clock(), body: reader, address, message, sessions };
    let authenticated = await authenticate(candidates, asked, verification);
    const { scheme, presented, session } = authenticated.match.candidate;

    // Before the nonce is claimed: a request whose response cannot be countersigned is refused.
    const countersigner = countersignerOf(verification);
    requireCountersigner(countersigner, { wanted: context.countersign, scheme, secret: authenticated.secret });

    const caller = { accessKey: authenticated.record.accessKey, subject: session?.first.u };
    charges.refuseExhausted(verification, caller);
    const body = await checkBody(reader, presented.body, bodyRules[context.body ?? 'read']);

    // A body may take minutes. Meanwhile the key may end, and the store may forget the nonce of a first copy.
    const now = clock();
    requireValid(authenticated.matches, { now, address });
    if (now - authenticated.now >= slow) {
      const { candidate } = authenticated.match;
      const later = { now, body: reader, address, message, sessions };
      authenticated = await authenticate(candidates, later, verification);
      // The body was checked by the first signature: another one may have signed another body.
      if (authenticated.match.candidate !== candidate) {
        fail('signature_mismatch', 'The key of the signature has changed while the body was read.', 401);
      }
    }
    const { matches, record, secret } = authenticated;

    const chargeStored = () => charges.chargeCaller(verification, caller);
    const claims = { now, tolerance, clock, remembered, timelessMemory, reusable, reportDuplicates, chargeStored };
    const duplicate = await claimNonces(replay, matches, claims);
    // Only now: a replay counts against the address limit like an unsigned request.
    verification.claimed = true;
    const headers = await charges.chargeCaller(verification, caller);
    const { scopes = [] } = verification;
    requireScope({ scopes }, context.scope);
    recordKeyUse(keys, record, now);

    const verified = verifiedRequest(request, {
      method: message.method,
      target: message.presentedTarget,
      body: body.carried,
    });
    return acceptedResult(isPromise(verified) ? await verified : verified, {
      record,
      scopes,
      session: session && principalSession(session),
      secret,
      scheme,
      presented,
      duplicate,
      body,
      resolved: {
        address,
        scheme: message.scheme,
        authority: message.authority,
        target: message.presentedTarget,
      },
      headers,
      countersigner,
      checkScope: (scope) => checkScope(request, verification, scope),
    });
  };
}

/** Records the caller, or the claimed caller if the signature does not verify. */
function recordMatch(verification: Verification, { candidate, record, secret }: Match, now: number): void {
  verification.candidate = candidate;
  verification.record = record;
  if (record) verification.scopes = grantedScopes(record, candidate.session);
  verification.secretId = secret?.secret.id;
  // The holder of a revoked key may learn the reason. A caller with a replaced secret may not: that secret may have leaked.
  verification.key = secret && isActive(secret, now) ? secret.key : undefined;
}
