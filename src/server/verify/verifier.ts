import { fail, SignatureError } from '../../core/errors.ts';
import { countersignV1 } from '../../schemes/countersign-v1/scheme.ts';
import { type Audited, reportToAudit } from '../audit/report-to-audit.ts';
import { requireKnownOptions } from '../known-options.ts';
import { countersignPlainResponse, createCountersigners } from '../response/countersign.ts';
import { refusalResponse } from '../response/refusal-response.ts';
import { keepBody } from './body.ts';
import { createCharges } from './charges.ts';
import { requireScope } from './checks.ts';
import { explainedRefusal } from './explained-refusal.ts';
import { createLimits } from './limits.ts';
import type { ReceivedRequest } from './message.ts';
import type { Refused, Verified } from './result.ts';
import { acceptedSchemes } from './signatures.ts';
import { limitNames, type VerifierOptions, type VerifyContext, verifierNames } from './verifier-options.ts';
import { createVerify, type Verification } from './verify.ts';

/** Verifies requests. Created by {@link createVerifier}. */
export type Verifier = {
  /**
   * Verifies a request. No request makes it throw.
   *
   * @param context what the server knows of the request, or a function that returns it. A request for which the function throws is
   * refused with `internal_error`.
   */
  verify<Received extends Request | ReceivedRequest>(
    request: Received,
    context?: VerifyContext | (() => VerifyContext),
  ): Promise<Verified<Received> | Refused>;
  /** True if a scheme signs the bytes of the body instead of their SHA-256. Its requests cannot be verified without their body. */
  readonly needsBody: boolean;
  /** The headers that callers send and read, as far as the schemes define them. Needed for CORS, which has to list them. */
  readonly fields: {
    /** Request headers in lower case, without the additional ones that a caller chooses to sign. */
    readonly request: readonly string[];
    /** Response headers that carry countersignatures, or describe how to sign. */
    readonly response: readonly string[];
  };
};

type Outcome = Pick<Audited, 'request' | 'error' | 'reportOnly'> & {
  readonly verification: Verification;
  /** When verification began, by `performance.now()`. */
  readonly begun: number;
};

/** A request as it came to `verify`. */
type Asked = { readonly request: Request | ReceivedRequest; readonly context: VerifyContext };

/**
 * Creates a verifier. It accepts only requests that are fresh, not replayed, unmodified and signed with an active secret, except
 * as relaxed by `acceptFindings`.
 *
 * @throws SignatureError `invalid_configuration`, `invalid_credentials` for a `responseKey` that cannot sign.
 * @example
 * import { createVerifier, generateCredentials, memoryKeys, memoryReplay } from 'countersign/server';
 *
 * const credentials = generateCredentials();
 * const keys = memoryKeys([{ accessKey: credentials.accessKey, service: 'billing', secrets: [credentials] }]);
 * const verifier = createVerifier({ keys, replay: memoryReplay() });
 * const result = await verifier.verify(new Request('https://api.example.com/orders'));
 * console.log(result.ok || result.error.code); // → missing_signature
 */
export function createVerifier(options: VerifierOptions): Verifier {
  requireKnownOptions(options, verifierNames, 'createVerifier()');
  const { scheme = countersignV1, clock = () => Date.now(), audit, acceptFindings = [], challenges } = options;
  requireKnownOptions(options.limits ?? {}, limitNames, 'limits of createVerifier()');
  if (Array.isArray(options.keys) || typeof options.keys?.find !== 'function')
    fail('invalid_configuration', 'keys must be a key store, such as memoryKeys([…]).');
  if (typeof options.replay?.claim !== 'function')
    fail('invalid_configuration', 'replay must be a replay store, such as memoryReplay().');
  if (options.revokedSessions && typeof options.revokedSessions.has !== 'function')
    fail(
      'invalid_configuration',
      'revokedSessions must be a store of revoked sessions, such as memoryRevokedSessions().',
    );
  const { duplicates = 'refuse' } = options;
  if (duplicates !== 'refuse' && duplicates !== 'report')
    fail('invalid_configuration', "duplicates must be 'refuse' or 'report'.");
  if (options.explain && typeof options.explain !== 'function')
    fail('invalid_configuration', 'explain must be a function, such as explainRefusals().');
  const schemes = acceptedSchemes(scheme, acceptFindings);
  const charges = createCharges(createLimits(options.limits ?? {}));
  const countersignerOf = createCountersigners({ schemes, responseKey: options.responseKey, clock });
  const verify = createVerify(options, { schemes, charges, clock, countersignerOf, checkScope });
  const howToSign = schemes.map((one) => one.challenge ?? {});

  async function refuse(cause: unknown, verification: Verification, asked?: Asked): Promise<Refused> {
    const { candidate, key, record, budget } = verification;
    const error =
      cause instanceof SignatureError
        ? cause
        : new SignatureError('internal_error', 'The request could not be verified.', 500, { cause });
    const explained = asked && !asked.context.reportOnly && (await explainTo(error, verification, asked));
    const response = refusalResponse(error, {
      scheme: (candidate?.scheme ?? schemes[0]).name,
      accessKey: candidate?.session?.parent ?? candidate?.accessKey,
      explained: explained || undefined,
      disclosed: key !== undefined || record?.explain === true,
      howToSign,
      challenge: error.status === 401 ? issueChallenge() : undefined,
      budget,
    });
    // Signed, so that the caller can trust the refusal, for example to set its clock.
    const countersigner = countersignerOf(verification);
    // A verify-only key cannot sign: the refusal is then sent unsigned.
    const signed = countersigner && (await countersignPlainResponse(countersigner, response).catch(() => undefined));
    return { ok: false, error, response: signed ?? response };
  }

  // A refusal without a challenge is better than none.
  function issueChallenge(): string | undefined {
    try {
      return challenges?.issue();
    } catch {
      return undefined;
    }
  }

  const explainTo = (error: SignatureError, verification: Verification, { request, context }: Asked) =>
    explainedRefusal(error, {
      ...{ request, verification, explain: options.explain, now: clock(), tolerance: options.tolerance ?? 300 },
      readable: context.body !== 'deferred',
    });

  /** Calls a function of the provider, which a request may make throw: its address is then not known, and charged as such. */
  async function findContext(find: () => VerifyContext, verification: Verification): Promise<VerifyContext> {
    try {
      return find();
    } catch (cause) {
      await charges.chargeAddress(verification);
      throw cause;
    }
  }

  /** Refuses a missing scope after verification just as during it. */
  async function checkScope(request: Request | ReceivedRequest, verification: Verification, scope: string) {
    const begun = performance.now();
    try {
      requireScope({ scopes: verification.scopes ?? [] }, scope);
      return undefined;
    } catch (cause) {
      const refused = await refuse(cause, verification);
      reportOutcome({ request, verification, begun, error: refused.error, reportOnly: false });
      return refused;
    }
  }

  function reportOutcome({ request, verification, begun, error, reportOnly }: Outcome): void {
    if (!audit) return;
    const { address, candidate, record, secretId } = verification;
    reportToAudit(audit, {
      time: clock(),
      duration: performance.now() - begun,
      request,
      address,
      accessKey: candidate?.session?.parent ?? candidate?.accessKey,
      session: candidate?.session,
      scheme: candidate?.scheme.name,
      secretId,
      nonce: candidate?.presented.nonce,
      record,
      error,
      reportOnly,
    });
  }

  return {
    async verify(request, given = {}) {
      const begun = performance.now();
      const verification: Verification = {};
      let context: VerifyContext = {};
      let result: Verified<typeof request> | Refused;
      try {
        context = typeof given === 'function' ? await findContext(given, verification) : given;
        result = await verify(request, context, verification);
      } catch (cause) {
        await keepBody(request, verification.body);
        result = await refuse(cause, verification, { request, context });
      }
      const error = result.ok ? undefined : result.error;
      await charges.refundAddress(verification, error);
      reportOutcome({ request, verification, begun, error, reportOnly: context.reportOnly === true });
      return result;
    },
    needsBody: schemes.some(({ body }) => body === 'bytes'),
    fields: {
      request: [...new Set(schemes.flatMap(({ fields }) => fields))],
      response: [
        ...new Set(
          schemes.flatMap(({ response, challenge = {} }) => [...(response?.fields ?? []), ...Object.keys(challenge)]),
        ),
      ],
    },
  };
}
